/** Metrics' Jobs in the release's cluster: each is known before it is started, and none outlives the release running. */
import { ActivityFailure, CancellationScope, isCancellation } from '@temporalio/workflow';
import type { JobPlace, JobReading } from '../activities/jobs/port.ts';
import type { Reading } from '../activities/metrics/port.ts';
import type { KubernetesJob, MetricPlan } from '../src/plan/plan.ts';
import { forward, undo, waiting } from './activities.ts';
import type { Release } from './control.ts';
import { keyOf } from './steps.ts';

/** What the Job's controller takes to see that its time is up. */
const CONTROLLER_MS = 15_000;
/** Argo's default of `measurementRetention`. */
const KEPT = 10;

/** One reading. Where it is cancelled its Job is ended by the activity, and by whoever ends what is left. */
export async function runKubernetesJob(
  release: Release,
  { analysis, number }: { readonly analysis: string; readonly number: number },
  metric: MetricPlan,
  job: KubernetesJob,
): Promise<Reading> {
  const { state } = release;
  const key = keyOf(release, `${analysis}/${metric.name}/${number}`);
  const reading: JobReading = { key, metric: metric.name, number };
  if (!state.undo.some(({ kind }) => kind === 'endJobs')) state.undo.push({ kind: 'endJobs' });
  state.jobs = [...(state.jobs ?? []).filter((known) => known.key !== key), reading];
  const deadlineMs = job.timeoutMs + CONTROLLER_MS;
  const taken = await waiting(metric.name, deadlineMs).runKubernetesJob({
    ...placeOf(release),
    reading,
    job,
    release: state.firstRunId,
    deadlineMs,
    kept: metric.retained ?? KEPT,
  });
  state.jobs = state.jobs.filter((known) => known.key !== key);
  return taken;
}

/** Whether this analysis has some that nobody else will end: on the way back all are undone. */
export function leavesJobs(release: Release, analysis: string): boolean {
  const goesOn = release.state.goingBack === null && !CancellationScope.current().consideredCancelled;
  return goesOn && readingsOf(release, analysis).length > 0;
}

/** On the way forward: what an analysis that was cut short left running. What cannot be ended now ends by its own deadline. */
export async function endCutShort(release: Release, analysis: string): Promise<void> {
  const readings = readingsOf(release, analysis);
  try {
    await forward('end what was cut short').endKubernetesJobs({ ...placeOf(release), readings });
    forget(release, readings);
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
  }
}

/** Those of other analyses run on. */
function readingsOf(release: Release, analysis: string): readonly JobReading[] {
  const prefix = keyOf(release, `${analysis}/`);
  return (release.state.jobs ?? []).filter(({ key }) => key.startsWith(prefix));
}

/** On the way back, tried until it holds. */
export async function endJobs(release: Release, title: string): Promise<void> {
  const readings = release.state.jobs ?? [];
  if (readings.length === 0) return;
  await undo(title).endKubernetesJobs({ ...placeOf(release), readings });
  forget(release, readings);
}

function forget({ state }: Release, readings: readonly JobReading[]): void {
  state.jobs = state.jobs?.filter(({ key }) => !readings.some((ended) => ended.key === key));
}

function placeOf({ plan: { service, target } }: Release): JobPlace {
  if (target.platform === 'local') throw new TypeError('a plan for this machine has no Jobs of a cluster');
  return { service, cluster: target.cluster, namespace: target.namespace };
}
