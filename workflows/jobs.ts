/** Jobs of an analysis: each on its own schedule beside the other readings, until it has ended or the analysis has. */
import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import type { MetricPlan } from '../src/plan/plan.ts';
import { isJob } from '../src/plan/provider.ts';
import type { Release } from './control.ts';

export interface Jobs {
  hasFailed(): boolean;
  /** What one of them threw, which no reading is. */
  throwIfFailed(): void;
  /** Ends what still runs, and does not wait for its processes; none of it counts. */
  cutShort(): Promise<void>;
}

/** A job is a command on the build host or a Job of the cluster, and takes its time. */
export const runsJob = ({ provider }: MetricPlan): boolean => isJob(provider);

/** Made in the scope of the analysis, whose cancellation ends the jobs at once. `null`: there are none. */
export function startJobs(
  release: Release,
  analysis: string,
  plans: readonly MetricPlan[],
  read: (plan: MetricPlan) => Promise<void>,
): Jobs | null {
  if (plans.length === 0) return null;
  const scope = new CancellationScope();
  let failed: { readonly error: unknown } | null = null;
  const done = scope
    .run(() => Promise.all(plans.map((plan) => readOnSchedule(release, analysis, plan, read))))
    .catch((error: unknown) => {
      if (!isCancellation(error)) failed = { error };
    });
  return {
    hasFailed: () => failed !== null,
    throwIfFailed() {
      if (failed) throw failed.error;
    },
    async cutShort() {
      scope.cancel();
      await done;
    },
  };
}

async function readOnSchedule(
  { state }: Release,
  analysis: string,
  plan: MetricPlan,
  read: (plan: MetricPlan) => Promise<void>,
): Promise<void> {
  const metric = state.metrics.find((known) => known.analysis === analysis && known.metric === plan.name);
  while (metric?.state === 'running') {
    const wait = (state.schedule[`${analysis}/${plan.name}`] ?? 0) - Date.now();
    if (wait > 0) await sleep(wait, { summary: `${analysis}: next ${plan.name}` });
    await read(plan);
  }
}
