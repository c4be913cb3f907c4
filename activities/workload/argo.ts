/** What admission and the way back ask of any platform, asked of a Rollout. */
import type { Whereabouts } from '../../src/plan/target.ts';
import { failure } from '../failure.ts';
import type { RolloutActivities, RolloutState } from '../rollout/port.ts';
import type { WorkloadActivities, WorkloadState } from './port.ts';

/** @param describeRollout that of the adapter which drives Argo's controller */
export function argoWorkload({ describeRollout }: Pick<RolloutActivities, 'describeRollout'>): WorkloadActivities {
  const controllers = (what: string) => async (): Promise<never> => {
    const message = `on platform argo the Rollout's own controller ${what}`;
    throw failure({ code: 'SHIPLOCK_PLATFORM_UNSUPPORTED', message }, { retry: 'never' });
  };
  return {
    describeWorkload: async (request: Whereabouts) => workloadOf(await describeRollout(request)),
    startRevision: controllers('starts pods'),
    scaleRevisions: controllers('scales pods'),
    startBaseline: controllers('starts pods'),
    awaitReady: controllers('waits for pods'),
    removeRevision: controllers('removes pods'),
    setRoles: controllers('chooses the stable pods'),
  };
}

function workloadOf({ stable, version, promoted, weights, pods, because }: RolloutState): WorkloadState {
  const { updated, available, wanted } = pods;
  const others = Math.max(0, available - updated);
  const revision = (version: string, replicas: number, ready: number) => ({
    version,
    replicas,
    ready,
    restarts: 0,
    because: ready < replicas ? because : '',
  });
  const stableVersion = stable?.version ?? null;
  if (promoted || stableVersion === null || stableVersion === version) {
    return { stable: stableVersion, canary: null, weights, revisions: [revision(version, wanted, available)] };
  }
  return {
    stable: stableVersion,
    canary: version,
    weights,
    revisions: [revision(stableVersion, wanted, others), revision(version, updated, Math.min(updated, available))],
  };
}
