import { failure } from '../../failure.ts';
import { listRevisions } from '../../kubernetes/index.ts';
import type { Scene } from './scene.ts';

/** Percent of the traffic that a version has now. */
export async function weightOf({ client, place, service, weightsOf }: Scene, version: string): Promise<number> {
  const revisions = await listRevisions(client, place, service);
  return (await weightsOf(place, service, revisions))[version] ?? 0;
}

/** @throws SHIPLOCK_KUBERNETES_CARRIES_TRAFFIC (retried) */
export async function mustBeIdle(scene: Scene, version: string, what: string): Promise<void> {
  const weight = await weightOf(scene, version);
  if (weight === 0) return;
  throw failure(
    {
      code: 'SHIPLOCK_KUBERNETES_CARRIES_TRAFFIC',
      message: `${version} of ${scene.service} may not ${what}: it carries ${weight} % of the traffic`,
      mend: 'move it away first',
    },
    { retry: 'later' },
  );
}
