/** Argo's controller restarts the pods of its Rollouts itself: `spec.restartAt` asks for it, as its kubectl plugin does. */
import type { KubernetesClusters } from '../../kubernetes/client.ts';
import type { RestartPlatform, RestartProgress } from '../../restart/port.ts';
import { nextReport, waitFor } from '../../workload/kubernetes/wait.ts';
import { argoPlace } from './index.ts';
import { look, mustBeDriven, rolloutAt } from './look.ts';
import type { RolloutObject } from './object.ts';
import { type Patch, unchangedSince } from './patches.ts';

export function argoRestart({ clusters }: { readonly clusters: KubernetesClusters }): RestartPlatform {
  return {
    podsToRestart: async (where) => {
      const place = argoPlace(where);
      mustBeDriven(await look(clusters.client(place.cluster), place, new Map()), place);
      return [];
    },
    restartPods: async (request) => {
      const place = argoPlace(request);
      const client = clusters.client(place.cluster);
      const { ready, because } = await waitFor(nextReport(request.untilMs), async () => {
        const { rollout } = await look(client, place, new Map());
        const patch = restartAt(rollout, request.sinceMs);
        if (patch.length > 0) await client.jsonPatch(rolloutAt(place), [...patch, ...unchangedSince(rollout)]);
        const done = isRestarted(rollout, request.sinceMs);
        return { ready: done, because: done ? "Argo's controller has restarted all pods" : words(rollout) };
      });
      const progress: RestartProgress = { done: ready, replaced: 0, waitsFor: 'replacements', because };
      return progress;
    },
  };
}

/** Nothing where this restart, or a later one, is asked for already. */
export function restartAt({ spec }: RolloutObject, sinceMs: number): Patch {
  const wanted = secondOf(sinceMs);
  if (timeOf(spec.restartAt) >= wanted) return [];
  const value = new Date(wanted).toISOString().replace('.000Z', 'Z');
  return [{ op: 'add', path: '/spec/restartAt', value }];
}

/** The controller notes the time of the last restart that it has brought to its end (`rollout/restart.go`). */
export function isRestarted({ status }: RolloutObject, sinceMs: number): boolean {
  return timeOf(status?.restartedAt) >= secondOf(sinceMs);
}

function words({ status = {} }: RolloutObject): string {
  const { availableReplicas = 0, replicas = 0 } = status;
  return `Argo's controller restarts the pods: ${availableReplicas} of ${replicas} available`;
}

/** Times of Kubernetes are whole seconds. */
function secondOf(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}

function timeOf(text: string | undefined): number {
  return text === undefined ? 0 : Date.parse(text);
}
