/** Restarting a service: each pod is evicted, and its ReplicaSet makes another one from the same template. */
import {
  availableOf,
  isRestarted,
  nextEvictions,
  outstandingOf,
  type RestartingPod,
  type RestartingRevision,
} from '../../../src/rollout/restart.ts';
import {
  hasCode,
  isConflict,
  labelSelector,
  listRevisions,
  PODS,
  type Revision,
  readLease,
  requireRestart,
} from '../../kubernetes/index.ts';
import type {
  RestartPlatform,
  RestartPodsRequest,
  RestartProgress,
  RestartWait,
  RevisionToRestart,
} from '../../restart/port.ts';
import { podsIn } from './describe.ts';
import { isOver, type Pod } from './pod.ts';
import { restartingOf } from './restarting.ts';
import { rolesOf, type Scene, sceneOf, type WorkloadDependencies } from './scene.ts';
import { nextReport, waitFor } from './wait.ts';
import { whyNotReady } from './why-not-ready.ts';

/** A pod that its budget protects is asked for again this often, or once another one has become available. */
const ASK_AGAIN_MS = 5_000;
/** Counts that are older decide nothing: a worker that stalled looks again, since another one has gone on. */
const FRESH_MS = 2_000;

export function kubernetesRestart(dependencies: WorkloadDependencies): RestartPlatform {
  return {
    podsToRestart: async (where) => {
      const scene = sceneOf(dependencies, where);
      await requireRestart(scene.client, scene.place);
      const { revisions, podsOf } = await lookAt(scene);
      return revisions.flatMap((revision): RevisionToRestart[] => {
        const pods = podsOf(revision).map(({ metadata }) => metadata.uid ?? '');
        return pods.length > 0 ? [{ version: revision.version, pods }] : [];
      });
    },
    restartPods: async (request) => {
      const scene = sceneOf(dependencies, request);
      const held: Held = { untilMs: 0, available: 0, because: '' };
      let seen: RestartProgress = { done: false, because: '', ...request.shown };
      const { because } = await waitFor(nextReport(request.untilMs), async () => {
        seen = await goOn(scene, request, held);
        return { ready: seen.done || seen.waitsFor !== request.shown.waitsFor, because: seen.because };
      });
      return { ...seen, because };
    },
  };
}

/** What a PodDisruptionBudget said last, and when it is asked again. */
interface Held {
  untilMs: number;
  available: number;
  because: string;
}

/** One revision at a time; what is left of the others waits, so that a version that does not come up stops the restart. */
async function goOn(scene: Scene, request: RestartPodsRequest, held: Held): Promise<RestartProgress> {
  const now = Date.now();
  const { revisions, podsOf, uids } = await lookAt(scene);
  const all = request.revisions.flatMap(({ pods }) => pods);
  const replaced = all.filter((uid) => !uids.has(uid)).length;
  const counted = `${replaced} of ${all.length} pods are replaced`;
  for (const asked of request.revisions) {
    const revision = revisions.find(({ version }) => version === asked.version);
    if (!revision) continue;
    const pods = podsOf(revision);
    const state = restartingOf(revision, pods, { old: asked.pods, maxUnavailable: request.maxUnavailable, now });
    if (isRestarted(state)) continue;
    const waitsFor = await evict(scene, state, held, now);
    const why = waitsFor === 'disruptionBudget' ? held.because : whyNotReady(revision.object, pods);
    const because = `${counted}; ${revision.version}: ${availableOf(state)} of ${revision.replicas} available${why && `, ${why}`}`;
    return { done: false, replaced, waitsFor, because };
  }
  return { done: true, replaced: all.length, waitsFor: 'replacements', because: counted };
}

/** @param lookedAt when the pods were counted, epoch milliseconds */
async function evict(scene: Scene, state: RestartingRevision, held: Held, lookedAt: number): Promise<RestartWait> {
  const available = availableOf(state);
  const waits = (): RestartWait =>
    held.because !== '' && outstandingOf(state) === 0 ? 'disruptionBudget' : 'replacements';
  if (Date.now() < held.untilMs && available <= held.available) return waits();
  for (const pod of nextEvictions(state)) {
    if (Date.now() - lookedAt > FRESH_MS) return 'replacements';
    held.because = (await evictPod(scene, pod)) ?? '';
    if (held.because === '') continue;
    held.untilMs = Date.now() + ASK_AGAIN_MS;
    held.available = available;
    return waits();
  }
  return 'replacements';
}

/** @returns what its PodDisruptionBudget says against it; `null`: it goes, or is gone. */
async function evictPod({ client, place }: Scene, { name, uid }: RestartingPod): Promise<string | null> {
  const { namespace } = place;
  const metadata = { name, namespace };
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata, deleteOptions: { preconditions: { uid } } };
  try {
    await client.post(PODS, { namespace, name, subresource: 'eviction' }, body);
    return null;
  } catch (error) {
    if (isConflict(error) || hasCode(error, 'SHIPLOCK_KUBERNETES_NOT_FOUND')) return null;
    if (error instanceof Error && hasCode(error, 'SHIPLOCK_KUBERNETES_DISRUPTION_BUDGET')) return error.message;
    throw error;
  }
}

/** Revisions that are part of the service, the stable one first, then the canary, and the pods that stay. */
async function lookAt(scene: Scene) {
  const { client, place, service } = scene;
  const [lease, found, listed] = await Promise.all([
    readLease(client, { namespace: place.namespace, service }),
    listRevisions(client, place, service),
    client.list<Pod>(PODS, place.namespace, { labelSelector: labelSelector(place.selector) }),
  ]);
  const roles = rolesOf(lease, found);
  const rank = ({ version }: Revision) => (version === roles.stable ? 0 : version === roles.canary ? 1 : 2);
  // A Deployment that was replaced and may keep its pods is no part of the service any more.
  const isPart = (revision: Revision) =>
    revision.kind === 'ReplicaSet' || place.adopts?.scaleDown !== 'never' || rank(revision) < 2;
  const staying = listed.filter((pod) => !isOver(pod));
  return {
    revisions: found.filter(isPart).toSorted((left, right) => rank(left) - rank(right)),
    podsOf: (revision: Revision) => podsIn(revision, staying),
    uids: new Set(staying.map(({ metadata }) => metadata.uid)),
  };
}
