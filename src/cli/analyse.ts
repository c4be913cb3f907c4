/** `shiplock analyse`: an analysis against its provider, now, by the code that judges releases. */
import { setTimeout as sleep } from 'node:timers/promises';
import { askProvider } from '../../activities/metrics/ask.ts';
import { type Exchange, exchange } from '../../activities/metrics/exchange.ts';
import { fillProvider, type SecretUse, type SecretValue } from '../../activities/metrics/secrets.ts';
import {
  assessAnalysis,
  assessMetric,
  assessReading,
  endOfBackground,
  type MetricState,
  type ReadingVerdict,
} from '../analysis/index.ts';
import type { AnalysisPlan, MetricPlan, Provider } from '../plan/plan.ts';

export interface Seen {
  /** RFC 3339. */
  readonly at: string;
  readonly value: string;
  readonly verdict: ReadingVerdict;
  readonly because: string;
}

export interface Measured {
  readonly metric: string;
  state: MetricState;
  because: string;
  readonly readings: Seen[];
}

export interface Analysed {
  readonly state: MetricState;
  readonly because: string;
  readonly metrics: readonly Measured[];
}

export interface AnalyseOptions {
  /** Each metric once, at once. */
  readonly once: boolean;
  /** Ends the analysis from outside: what still runs is judged as where a ramp ends. */
  readonly ended: AbortSignal;
  /** The provider as it is reached from here. */
  locate(provider: Provider): Provider | Promise<Provider>;
  /** What a secret of the templates is, for the address that it would be sent to. */
  secretOf(use: SecretUse): SecretValue;
  onReading(metric: string, seen: Seen): void;
}

/**
 * Reads every metric on its schedule until the analysis has ended, as a release would. With `once` nothing is counted:
 * the worst of the readings is the answer.
 */
export async function analyse(plan: AnalysisPlan, options: AnalyseOptions): Promise<Analysed> {
  const ended = new AbortController();
  const stop = AbortSignal.any([options.ended, ended.signal]);
  const metrics = plan.metrics.map(
    (metric): Measured => ({ metric: metric.name, state: 'running', because: '', readings: [] }),
  );
  await Promise.all(
    plan.metrics.map(async (metric, index) => {
      const measured = metrics[index] as Measured;
      await follow(metric, measured, plan, options, stop);
      if (!options.once && !metric.dryRun && ['fail', 'error', 'inconclusive'].includes(measured.state)) ended.abort();
    }),
  );
  return { ...verdictOf(plan, metrics, options), metrics };
}

function verdictOf(plan: AnalysisPlan, metrics: readonly Measured[], { once }: AnalyseOptions) {
  const assessed = metrics.map((metric, index) => ({ ...metric, dryRun: plan.metrics[index]?.dryRun }));
  const so = assessAnalysis(assessed);
  if (once || so.state !== 'running') return so;
  // There is no ramp here: each reading counts as one of the last weight.
  const taken = metrics.map(({ metric, readings }) => ({
    metric,
    readings: readings.map(({ verdict }) => ({ verdict, weight: 100 })),
  }));
  const { verdict, because } = endOfBackground(plan, taken, 100);
  return { state: verdict, because };
}

async function follow(
  metric: MetricPlan,
  measured: Measured,
  plan: AnalysisPlan,
  options: AnalyseOptions,
  stop: AbortSignal,
): Promise<void> {
  let wait: number | null = options.once ? 0 : metric.initialDelayMs;
  while (wait !== null && (await slept(wait, stop))) {
    const startedAt = Date.now();
    const at = new Date(startedAt).toISOString();
    const answer = await measure(metric.provider, at, options, stop);
    if (answer === null) return;
    const { verdict, value, because } = assessReading(metric, answer, plan.compatibility);
    const seen = { at, value, verdict, because };
    measured.readings.push(seen);
    options.onReading(metric.name, seen);
    // Templates know no low traffic; only a release file does.
    if (options.once)
      return void Object.assign(measured, { state: verdict === 'skipped' ? 'running' : verdict, because });
    const { state, because: why, nextInMs } = assessMetric(metric, measured.readings, plan.compatibility);
    Object.assign(measured, { state, because: why });
    wait = nextInMs === null ? null : Math.max(0, nextInMs - (Date.now() - startedAt));
  }
}

/** As a worker asks; `null`: stopped before there was an answer. */
async function measure(
  provider: Provider,
  at: string,
  { locate, secretOf }: AnalyseOptions,
  stop: AbortSignal,
): Promise<{ raw: string; error: string | null } | null> {
  try {
    const filled = fillProvider(await locate(provider), secretOf);
    if ('because' in filled) return { raw: '', error: filled.because };
    const ask: Exchange = (question, signal) => exchange({ ...question, secrets: filled.secrets }, signal);
    return await askProvider(filled.provider, at, ask, stop);
  } catch (error) {
    if (stop.aborted) return null;
    throw error;
  }
}

/** Node's timers hold no longer one, and fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** `false`: stopped before. */
async function slept(ms: number, stop: AbortSignal): Promise<boolean> {
  let left = ms;
  for (; left > LONGEST_TIMER_MS; left -= LONGEST_TIMER_MS) if (!(await slept(LONGEST_TIMER_MS, stop))) return false;
  if (stop.aborted) return false;
  return sleep(left, true, { signal: stop }).catch(() => false);
}
