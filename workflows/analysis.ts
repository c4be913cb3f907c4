/** Reading metrics on their schedule and judging them; the judging itself is pure code of `src/analysis`. */
import { CancellationScope, condition, isCancellation, patched } from '@temporalio/workflow';
import type { Reading } from '../activities/metrics/port.ts';
import { assessMetric, assessReading, endOfBackground } from '../src/analysis/index.ts';
import { evidenceOf } from '../src/audit/evidence.ts';
import type { AnalysisPlan, Compatibility, MetricPlan, Plan } from '../src/plan/plan.ts';
import { compare, overWindow, windowNow } from './comparison.ts';
import { GoBack, type Release } from './control.ts';
import { type Jobs, runsJob, startJobs } from './jobs.ts';
import { endCutShort, leavesJobs } from './kubernetes-jobs.ts';
import type { MetricProgress } from './messages.ts';
import { continueInNewRun, isTooLong } from './new-run.ts';
import { allOf, decides, isTooMuch, keyOf, metricsOf, retain, shorten } from './progress.ts';
import { takeReading } from './readings.ts';
import { type GoingBack, isWaived } from './state.ts';
import { ask, lineOf } from './steps.ts';

/** What runs beside the steps of the ramp: its name, from which step (0-based), and what it measures. */
interface Beside {
  readonly name: 'background' | 'comparison';
  readonly startingStep: number;
  readonly analysis: AnalysisPlan;
}

/** Argo's background analysis, and the comparison with the stable side. */
export function besideTheRamp({ canary }: Plan): Beside[] {
  const { background, comparison } = canary;
  return [
    ...(background ? [{ name: 'background' as const, ...background }] : []),
    ...(comparison ? [{ name: 'comparison' as const, startingStep: 0, analysis: comparison }] : []),
  ];
}

const isBeside = ({ analysis }: MetricProgress): boolean => analysis === 'background' || analysis === 'comparison';

/** The stable side's answer is for people: no condition judges it. */
const SHOWN_ONLY = { successCondition: null, failureCondition: null };

/** Starts the analysis that runs beside the steps, once in this run; its state outlives the run. */
export function startBackground(release: Release, { name, analysis }: Beside): void {
  if (release.background.has(name)) return;
  // What ended in an earlier run was acted on there: nobody is asked about it again.
  if (hasEnded(metricsOf(release, name, analysis)) && patched('acted-on-once')) return;
  let settling = false;
  const running = measure(release, name, analysis, () => settling).then(
    () => actOnBackground(release, name),
    (error: unknown) => {
      if (!isCancellation(error)) throw error;
    },
  );
  release.background.set(name, {
    settle: async () => {
      settling = true;
      await running;
      release.background.delete(name);
    },
  });
}

/** The ramp is over: nothing failed is not enough, something good must have been seen (invariant 4). */
export async function finishBackground(release: Release, { name, analysis }: Beside): Promise<void> {
  const { state } = release;
  const isComparison = name === 'comparison';
  if (isComparison ? state.comparisonJudged : state.backgroundJudged) return;
  await release.background.get(name)?.settle();
  if (state.goingBack) throw new GoBack(state.goingBack);
  const lastWeight = state.weights[release.plan.version] ?? 0;
  if (!state.promotedFully) await lookOnceMore(release, name, analysis, lastWeight);
  const metrics = metricsOf(release, name, analysis);
  const taken = metrics.map((metric) => ({ metric: metric.metric, readings: allOf(metric) }));
  const { verdict, because } = endOfBackground(analysis, taken, lastWeight);
  for (const metric of metrics) if (metric.state === 'running') metric.state = 'ended';
  release.changed();
  if (state.promotedFully && verdict !== 'pass') waive(release, metrics);
  else if (verdict === 'inconclusive') {
    // Another question than the one within the ramp: an approval of that does not answer this.
    const question = isComparison ? 'end-of-comparison' : 'end-of-analysis';
    await askAPerson(release, question, because, analysis.inconclusiveDeadlineMs);
  } else if (verdict !== 'pass') throw new GoBack({ outcome: 'rolledBack', because });
  if (isComparison) state.comparisonJudged = true;
  else state.backgroundJudged = true;
}

/** While no worker lives, readings fall due and timers of the ramp run on: what the last weight lacks is read now. */
async function lookOnceMore(release: Release, name: string, analysis: AnalysisPlan, lastWeight: number): Promise<void> {
  const metrics = metricsOf(release, name, analysis);
  const unread = analysis.metrics.filter((_, index) => {
    const metric = metrics[index];
    return metric?.state === 'running' && allOf(metric).every(({ weight }) => weight !== lastWeight);
  });
  await Promise.all(unread.map((plan) => readOne(release, name, plan, analysis.compatibility)));
}

function waive(release: Release, metrics: readonly MetricProgress[]): void {
  for (const metric of metrics) metric.because = 'waived by promoteFull';
  release.changed();
}

/** An analysis as a step: the ramp waits for it. */
export async function runInline(release: Release, name: string, analysis: AnalysisPlan): Promise<string> {
  const over = () => isWaived(release.state) || isTooLong(release);
  const startedAt = Date.parse(lineOf(release, name).startedAt ?? '') || Date.now();
  const left = Math.max(1, startedAt + analysis.deadlineMs - Date.now());
  const ended = await CancellationScope.withTimeout(left, () => measure(release, name, analysis, over)).catch(
    (error: unknown) => {
      if (release.state.goingBack || !isCancellation(error)) throw error;
      throw new GoBack({ outcome: 'rolledBack', because: `${name}: the analysis did not end in time` });
    },
  );
  if (ended === 'stopped' && !isWaived(release.state)) await continueInNewRun(release);
  if (release.state.goingBack) throw new GoBack(release.state.goingBack);
  if (ended === 'stopped') return 'waived by promoteFull';
  const metrics = metricsOf(release, name, analysis);
  const against = evidenceAgainst(release, name);
  if (against) throw new GoBack(against);
  const undecided = metrics.find((metric) => decides(metric) && metric.state === 'inconclusive');
  if (undecided)
    await askAPerson(release, name, `${undecided.metric}: ${undecided.because}`, analysis.inconclusiveDeadlineMs);
  return metrics.map((metric) => `${metric.metric} ${metric.state}`).join(', ');
}

/** Evidence against the release ends it; an analysis that cannot decide holds the next step. */
function actOnBackground(release: Release, name: string): void {
  const against = evidenceAgainst(release, name);
  if (against) release.abort(against);
  const undecided = release.state.metrics.find(
    (metric) => metric.analysis === name && decides(metric) && metric.state === 'inconclusive',
  );
  if (undecided) release.state.inconclusive = `${undecided.metric}: ${undecided.because}`;
}

/** A failed metric counts before one that only could not be read. */
function evidenceAgainst(release: Release, name: string): GoingBack | null {
  const metrics = release.state.metrics.filter((metric) => metric.analysis === name && decides(metric));
  const against = metrics.find(({ state }) => state === 'fail') ?? metrics.find(({ state }) => state === 'error');
  return against ? { outcome: 'rolledBack', because: `${against.metric}: ${against.because}` } : null;
}

/** Neither shown nor disproved: somebody decides, in time. */
export async function askAPerson(release: Release, name: string, because: string, deadlineMs: number): Promise<void> {
  const answer = await ask(release, {
    kind: 'inconclusive',
    name,
    prompt: `The analysis is inconclusive (${because}). Go on all the same?`,
    accepts: ['approve', 'reject'],
    deadlineMs,
    consequence: 'goes back',
  });
  if (!answer) throw new GoBack({ outcome: 'rolledBack', because: `inconclusive and nobody decided: ${because}` });
}

const hasEnded = (metrics: readonly MetricProgress[]): boolean =>
  metrics.some((metric) => decides(metric) && ENDS_ALL.includes(metric.state)) ||
  metrics.every((metric) => metric.state !== 'running');

/** Reads every metric when it is due, until all have ended, one is against, or `stop` holds. */
async function measure(
  release: Release,
  name: string,
  analysis: AnalysisPlan,
  stop: () => boolean,
): Promise<'ended' | 'stopped'> {
  const metrics = metricsOf(release, name, analysis);
  const isOver = () => hasEnded(metrics);
  const read = async (plan: MetricPlan) => {
    await readOne(release, name, plan, analysis.compatibility);
    release.changed();
  };
  const jobs = startJobs(release, name, analysis.metrics.filter(runsJob), read);
  try {
    return await readWhenDue({ release, name, analysis, metrics, isOver, stop, jobs });
  } finally {
    if (jobs) await jobs.cutShort();
    // Evidence against the release is not held up: on the way back every Job is ended.
    if (leavesJobs(release, name) && !evidenceAgainst(release, name)) await endCutShort(release, name);
  }
}

/** The metrics that ask a provider, one look after the other; jobs run beside them. */
async function readWhenDue(options: {
  release: Release;
  name: string;
  analysis: AnalysisPlan;
  metrics: readonly MetricProgress[];
  isOver: () => boolean;
  stop: () => boolean;
  jobs: Jobs | null;
}): Promise<'ended' | 'stopped'> {
  const { release, name, analysis, metrics, isOver, stop, jobs } = options;
  const { schedule } = release.state;
  const dueAt = (plan: MetricPlan, index: number): number =>
    metrics[index]?.state === 'running' && !runsJob(plan)
      ? (schedule[keyOf(metrics[index])] ?? 0)
      : Number.POSITIVE_INFINITY;
  const isWoken = () => stop() || isOver() || jobs?.hasFailed() === true;
  for (;;) {
    jobs?.throwIfFailed();
    if (isOver()) return 'ended';
    const wait = Math.min(...analysis.metrics.map(dueAt)) - Date.now();
    if (stop()) return 'stopped';
    if (wait > 0 && (await wakes(isWoken, wait, `${name}: next reading`))) {
      if (stop() && !isOver()) return 'stopped';
      continue;
    }
    const now = Date.now();
    const due = analysis.metrics.filter((plan, index) => dueAt(plan, index) <= now);
    await Promise.all(due.map((plan) => readOne(release, name, plan, analysis.compatibility)));
    release.changed();
  }
}

/** Whether something woke it before its time; where nothing but jobs is left, only those end the wait. */
async function wakes(by: () => boolean, waitMs: number, summary: string): Promise<boolean> {
  if (waitMs !== Number.POSITIVE_INFINITY) return condition(by, waitMs, { summary });
  await condition(by);
  return true;
}

async function readOne(
  release: Release,
  name: string,
  plan: MetricPlan,
  compatibility: Compatibility | undefined,
): Promise<void> {
  const { state } = release;
  const metric = state.metrics.find((known) => known.analysis === name && known.metric === plan.name);
  if (!metric) return;
  const startedAt = Date.now();
  const weight = state.weights[release.plan.version] ?? 0;
  const number = allOf(metric).length + 1;
  const window = windowNow(release, metric, plan.comparison);
  const answer = await takeReading(release, { analysis: name, number }, overWindow(plan, window));
  const judged = plan.comparison
    ? compare(release, metric, plan.comparison, answer, window)
    : { ...assessReading(plan, answer, compatibility), beside: shownBeside(plan, answer) };
  metric.readings.push({
    at: answer.at,
    value: judged.value || judged.because,
    beside: judged.beside,
    verdict: judged.verdict,
    weight,
    evidence: evidenceOf(answer),
  });
  const { nextInMs, ...assessed } = assessMetric(plan, allOf(metric), compatibility);
  Object.assign(metric, assessed);
  if (plan.comparison && metric.state !== 'error') metric.because = judged.because;
  // What its Job said is all that there is to know.
  if (plan.provider.kind === 'kubernetesJob' && ENDS_ALL.includes(metric.state))
    metric.because = `${metric.because}: ${judged.because}`;
  if (plan.dryRun) metric.because = `dry run: ${metric.because}`;
  retain(metric, plan.retained);
  if (isTooMuch(state.metrics) && patched('readings-shortened')) shorten(state.metrics);
  // Argo counts the interval from the end of a reading.
  const from = compatibility === 'argo' ? Date.now() : startedAt;
  if (nextInMs !== null) state.schedule[keyOf(metric)] = from + nextInMs;
}

/**
 * Every comparison showed at the present weight that the canary is within its margin, and every other metric was good
 * there: a timed pause has no more to tell.
 */
export function isShownSafe({ state, plan }: Release): boolean {
  const weight = state.weights[plan.version] ?? 0;
  const metrics = state.metrics.filter((metric) => isBeside(metric) && decides(metric));
  return (
    metrics.some(({ safeAt }) => safeAt !== undefined) &&
    metrics.every(({ safeAt, readings }) =>
      safeAt === undefined
        ? readings.some((reading) => reading.verdict === 'pass' && reading.weight === weight)
        : safeAt === weight,
    )
  );
}

/** Nothing more has to be seen at the end of the ramp than was seen already. */
export function isEnoughSeen({ state, plan }: Release): boolean {
  return besideTheRamp(plan).every(({ name, analysis }) =>
    state.metrics.every(
      (metric) => metric.analysis !== name || !decides(metric) || metric.good >= analysis.minimumReadings,
    ),
  );
}

const shownBeside = ({ provider }: MetricPlan, { beside }: Reading): string =>
  beside ? assessReading({ provider, ...SHOWN_ONLY }, { raw: beside, error: null }).value : '';

const ENDS_ALL: readonly MetricProgress['state'][] = ['fail', 'error', 'inconclusive'];
