/** Releases that compare the canary with the stable side, and what both sides answer. */
import assert from 'node:assert/strict';
import type { KayentaPlan } from '../../src/plan/kayenta-plan.ts';
import type { ComparisonPlan, MetricPlan, Plan, PrometheusQuery } from '../../src/plan/plan.ts';
import { queryText, withTexts } from '../../src/plan/provider.ts';
import { metricNamed } from '../unit/kayenta-samples.ts';
import { automatic, credlinkPlan } from './plans.ts';
import type { World } from './world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** Off the pauses' minutes: see `OFF_THE_STEPS_MS`. */
export const KAYENTA_INTERVAL_MS = 183 * SECOND;
const COUNTS_INTERVAL_MS = 33 * SECOND;

/** CredLink's plan with two weights, and one metric that compares instead of its analysis. */
function comparedPlan(metric: Partial<MetricPlan>, query: string, firstPauseMs: number): Plan {
  const plan = automatic(credlinkPlan());
  const { background } = plan.canary;
  const first = background?.analysis.metrics[0];
  assert.ok(background && first);
  const compared: MetricPlan = {
    ...first,
    provider: withTexts(first.provider, () => query.replace('CANARY', plan.target.canaryService)),
    count: null,
    initialDelayMs: 0,
    successCondition: null,
    failureCondition: null,
    failureLimit: 0,
    inconclusiveLimit: 1_000_000_000,
    ...metric,
  };
  return {
    ...plan,
    canary: {
      ...plan.canary,
      steps: [
        { kind: 'setWeight', weight: 10 },
        { kind: 'pause', durationMs: firstPauseMs, deadlineMs: 60 * MINUTE },
        { kind: 'setWeight', weight: 50 },
        { kind: 'pause', durationMs: 20 * MINUTE, deadlineMs: 60 * MINUTE },
      ],
      background: null,
      comparison: { ...background.analysis, metrics: [compared] },
    },
  };
}

/** Errors counted, by the judge `sequential`; the metric is `errors`. */
export function countsPlan(comparison: Partial<ComparisonPlan> = {}): Plan {
  const counts = { of: 'counts', alpha: 0.05, margin: null, minimumRequests: 100, ...comparison } as const;
  const metric = { name: 'errors', intervalMs: COUNTS_INTERVAL_MS, comparison: counts };
  return comparedPlan(metric, 'sum(errors{service="CANARY"})', 20 * MINUTE);
}

/** Two series by the judge `kayenta`; the metric is `kayenta`. */
export function kayentaPlan(comparison: Partial<KayentaPlan> = {}): Plan {
  const kayenta: KayentaPlan = {
    judge: 'kayenta',
    stepMs: 15 * SECOND,
    lookbackMs: null,
    pass: 95,
    marginal: 75,
    groups: {},
    metrics: [metricNamed('errors'), metricNamed('latency')],
    ...comparison,
  };
  const rhythm = { intervalMs: KAYENTA_INTERVAL_MS, initialDelayMs: KAYENTA_INTERVAL_MS };
  const metric = { name: 'kayenta', ...rhythm, comparison: kayenta };
  return comparedPlan(metric, 'errors{service="CANARY"}', 10 * MINUTE);
}

/** Counters that grow from look to look: how many requests, and one in how many fails. */
export function counting(world: World, each: { requests: number; canaryFails: number; stableFails: number }): string[] {
  const measure = world.activities.measure;
  const asked: string[] = [];
  let looks = 0;
  const answer = (total: number, oneIn: number): string =>
    JSON.stringify({
      status: 'success',
      data: {
        resultType: 'vector',
        result: Object.entries({ events: Math.floor(total / oneIn), total }).map(([part, value]) => ({
          metric: { shiplock_part: part },
          value: [1, String(value)],
        })),
      },
    });
  world.activities.measure = async (request) => {
    const reading = await measure(request);
    if (!queryText(request.provider).startsWith('sum(errors')) return reading;
    looks += 1;
    asked.push(request.beside ?? '');
    const total = looks * each.requests;
    return { ...reading, raw: answer(total, each.canaryFails), beside: answer(10 * total, each.stableFails) };
  };
  return asked;
}

/** How many times as high the canary's errors are at its nth reading; `null`: no series of any side. */
export type Canary = (reading: number) => number | null;

/** Series of both sides over the window that is asked for. */
export function scoring(
  world: World,
  canary: Canary,
): { query: string; beside: string | undefined; range: PrometheusQuery['range'] }[] {
  const measure = world.activities.measure;
  const asked: { query: string; beside: string | undefined; range: PrometheusQuery['range'] }[] = [];
  const matrix = (times: number | null, points: number): string => {
    const series = (name: string, centre: number) => ({
      metric: { shiplock_part: name },
      values: Array.from({ length: points }, (_, i) => [i, String(centre * (1 + ((i * 7) % points) / (10 * points)))]),
    });
    const result = times === null ? [] : [series('errors', times), series('latency', 100)];
    return JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });
  };
  world.activities.measure = async (request) => {
    const reading = await measure(request);
    if (!queryText(request.provider).startsWith('errors')) return reading;
    assert.ok(request.provider.kind === 'prometheus');
    const { query, range } = request.provider;
    asked.push({ query, beside: request.beside, range });
    const points = range ? Math.floor((range.startMs - range.endMs) / range.stepMs) + 1 : 0;
    const times = canary(asked.length);
    return { ...reading, raw: matrix(times, points), beside: matrix(times === null ? null : 1, points) };
  };
  return asked;
}
