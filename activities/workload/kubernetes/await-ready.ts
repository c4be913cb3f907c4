import {
  EVENTS,
  hasCode,
  listRevisions,
  REPLICA_SETS,
  type Revision,
  revisionOf,
  type ScaledObject,
} from '../../kubernetes/index.ts';
import type { AwaitReadyRequest, Readiness } from '../port.ts';
import { podsNow } from './describe.ts';
import { isReady, type KubernetesEvent, type Pod } from './pod.ts';
import { type Scene, sceneOf, type WorkloadDependencies } from './scene.ts';
import { revisionName } from './template.ts';
import { waitFor } from './wait.ts';
import { whyNotReady } from './why-not-ready.ts';

export async function awaitReady(dependencies: WorkloadDependencies, request: AwaitReadyRequest): Promise<Readiness> {
  const scene = sceneOf(dependencies, request);
  const { version, sinceMs, deadlineMs } = request;
  return waitFor(sinceMs + deadlineMs, async () => {
    const revision = await findRevision(scene, version);
    if (!revision) return { ready: false, because: `there is no revision ${version} of ${scene.service}` };
    return readinessOf(scene, revision, sinceMs);
  });
}

export async function findRevision(scene: Scene, version: string): Promise<Revision | null> {
  const { client, place, service } = scene;
  const reference = { type: REPLICA_SETS, namespace: place.namespace, name: revisionName(service, version) };
  const set = await client.get<ScaledObject>(reference);
  const ours = set && !set.metadata.deletionTimestamp ? revisionOf(set) : null;
  if (ours || !place.adopts) return ours;
  const all = await listRevisions(client, place, service);
  return all.find((candidate) => candidate.version === version) ?? null;
}

/** @param sinceMs epoch milliseconds: for how long it has been waited for */
export async function readinessOf(scene: Scene, revision: Revision, sinceMs: number): Promise<Readiness> {
  const { replicas, ready, object } = revision;
  const seconds = ((Date.now() - sinceMs) / 1_000).toFixed(1);
  const counted = `${Math.min(ready, replicas)} of ${replicas} replicas ready after ${seconds} s`;
  if (ready >= replicas && isUpToDate(object)) return { ready: true, because: counted };
  const pods = await podsNow(scene, revision);
  const why = whyNotReady(object, pods, await probesOf(scene, pods));
  return { ready: false, because: why === '' ? counted : `${counted}: ${why}` };
}

export function isUpToDate({ metadata, status }: ScaledObject): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
}

/** Only the events say what a probe met. Who may not read them does without. */
async function probesOf({ client, place }: Scene, pods: readonly Pod[]): Promise<readonly KubernetesEvent[]> {
  const silent = pods.some(
    (pod) => pod.status?.phase === 'Running' && !isReady(pod) && !pod.metadata.deletionTimestamp,
  );
  if (!silent) return [];
  try {
    const fieldSelector = 'involvedObject.kind=Pod,reason=Unhealthy';
    return await client.list<KubernetesEvent>(EVENTS, place.namespace, { fieldSelector });
  } catch (error) {
    if (hasCode(error, 'SHIPLOCK_KUBERNETES_FORBIDDEN')) return [];
    throw error;
  }
}
