import type { KubernetesPlace } from '../../../src/plan/target.ts';
import { type Confirmation, itemsAsked, type ReleasedBefore } from '../../../src/validation/confirmation.ts';
import { failure } from '../../failure.ts';
import { type Look, lacking, lookAt, there, wrong } from '../../kubernetes/doctor/look.ts';
import type { KubernetesClient } from '../../kubernetes/index.ts';
import { type Confirmable, confirmable, type Reported } from './confirmable.ts';
import { routersOf } from './routers.ts';

/** What a checklist asks of the router, and what is known of who could answer. */
export interface Asking<Counted extends boolean | null = boolean> {
  readonly confirmation: Confirmation;
  /** Whether the policy names counters of the router for the cluster; `null`: no policy was named. */
  readonly counted: Counted;
  /** Asked only where it matters. */
  readonly before: () => Promise<ReleasedBefore>;
}

/**
 * Refuses a release that would go back at its very end, since its checklist cannot be shown.
 *
 * @throws SHIPLOCK_KUBERNETES_UNCONFIRMABLE; retried where what would report may only be late
 */
export async function requireConfirmable(
  client: KubernetesClient,
  place: KubernetesPlace,
  { confirmation, counted, before }: Asking,
): Promise<void> {
  // Taken back is then the validation alone: the release stands without it.
  if (confirmation.onFailure === 'phase') return;
  const found = await whoConfirms(client, place, counted);
  if (found.verdict === 'yes') return;
  const items = itemsAsked(confirmation, await before());
  if (items.length === 0) return;
  throw failure(
    {
      code: 'SHIPLOCK_KUBERNETES_UNCONFIRMABLE',
      message: `the checklist would fail: ${unshown(items)} in namespace ${place.namespace} of cluster ${place.cluster}: ${found.because}`,
      mend: found.mend,
    },
    { retry: found.verdict === 'notYet' ? 'later' : 'never' },
  );
}

/** The same for `shiplock doctor`; says nothing of a release that does not ask for it. */
export function lookAtConfirmation(
  client: KubernetesClient,
  place: KubernetesPlace,
  { confirmation, counted, before }: Asking<boolean | null>,
): Promise<readonly Look[]> {
  const name = 'checklist';
  return lookAt(name, async () => {
    const items = itemsAsked(confirmation, await before());
    if (items.length === 0) return [];
    const found = await whoConfirms(client, place, counted);
    if (found.verdict === 'yes') return there(name, `${items.join(', ')}: ${found.because}`);
    const because = `${unshown(items)}: ${found.because}`;
    if (confirmation.onFailure === 'phase')
      return lacking(name, `${because}. The release then stands without its validation`, found.mend);
    switch (found.verdict) {
      case 'notYet':
        return lacking(name, `${because}. What is new is waited for`, `look again in a minute; else ${found.mend}`);
      case 'unknown':
        return lacking(name, because, `name the policy (--policy FILE); else ${found.mend}`);
      case 'no':
        return wrong(name, because, found.mend);
      default:
        return found satisfies never;
    }
  });
}

function unshown(items: readonly string[]): string {
  return `nothing can confirm what only the router can show (${items.join(', ')})`;
}

/** As things are now. */
async function whoConfirms(
  client: KubernetesClient,
  place: KubernetesPlace,
  counted: boolean | null,
): Promise<Confirmable> {
  const found = await Promise.all(
    routersOf(place, place, '').map(async ({ reference, acceptance }): Promise<Reported[]> => {
      const object = await client.get(reference);
      if (!object) return [];
      const { verdict } = acceptance(object);
      const { creationTimestamp: createdAt } = object.metadata;
      return [{ kind: reference.type.kind, name: reference.name, verdict, createdAt }];
    }),
  );
  return confirmable(place.traffic, counted, found.flat(), Date.now());
}
