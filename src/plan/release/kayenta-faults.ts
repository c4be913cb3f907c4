/** What is wrong with a comparison by the judge `kayenta` that its shape does not show. */
import { mostPoints } from '../../analysis/kayenta/index.ts';
import { isHttpAddress } from '../argo/providers/index.ts';
import { formatDuration } from '../duration.ts';
import type { KayentaPlan } from '../kayenta-plan.ts';
import type { CanaryPlan, Target } from '../plan.ts';
import { show } from '../shape/show.ts';
import { faultOfSide } from './compared-query.ts';
import type { WrittenKayenta, WrittenKayentaMetric } from './schema-kayenta.ts';

export interface KayentaFault {
  readonly path: readonly (string | number)[];
  readonly code: 'SHIPLOCK_PLAN_VALUE' | 'SHIPLOCK_PLAN_CHOICE';
  readonly message: string;
  readonly at: 'key' | 'value';
}

/** What is compared, and for how long. */
export interface Ramp {
  readonly target: Pick<Target, 'canaryService' | 'stableService'>;
  readonly canary: CanaryPlan;
  readonly minimumReadings: number;
}

interface Compiled extends Ramp {
  readonly comparison: KayentaPlan;
  readonly query: string;
  readonly intervalMs: number;
}

/** As long as a query of a plan may be. */
const MOST_CHARACTERS = 16_384;

const value = (path: KayentaFault['path'], message: string): KayentaFault => ({
  path,
  code: 'SHIPLOCK_PLAN_VALUE',
  message,
  at: 'value',
});
const choice = (path: KayentaFault['path'], message: string): KayentaFault => ({
  path,
  code: 'SHIPLOCK_PLAN_CHOICE',
  message,
  at: 'key',
});

export function kayentaFaults(written: WrittenKayenta, compiled: Compiled): readonly KayentaFault[] {
  const { comparison, query, intervalMs, target } = compiled;
  const { stepMs, lookbackMs, metrics } = comparison;
  const faults: KayentaFault[] = [];
  if (!isHttpAddress(written.prometheus))
    faults.push(value(['prometheus'], `is ${show(written.prometheus)}; expected an http address`));
  if (intervalMs < stepMs) {
    const message = `is shorter than the step of ${formatDuration(stepMs)}: a reading would tell nothing new`;
    faults.push(value([written.interval === undefined ? 'step' : 'interval'], message));
  }
  if (lookbackMs !== null && lookbackMs < 2 * stepMs)
    faults.push(value(['lookback'], `holds fewer than two steps of ${formatDuration(stepMs)}`));
  if ((comparison.marginal ?? 0) >= (comparison.pass ?? 100)) {
    const message = `is ${comparison.marginal}; expected less than pass, which is ${comparison.pass}`;
    faults.push(value([written.marginal === undefined ? 'pass' : 'marginal'], message));
  }
  if (query.length > MOST_CHARACTERS)
    faults.push(value(['metrics'], `asks ${query.length} characters in one query; at most ${MOST_CHARACTERS}`));
  if (metrics.every(({ muted }) => muted))
    faults.push(choice(['metrics'], 'are all muted; a score needs one that counts'));
  written.metrics.forEach((metric, index) => {
    for (const fault of metricFaults(metric, target))
      faults.push({ ...fault, path: ['metrics', index, ...fault.path] });
    if (written.metrics.findIndex(({ name }) => name === metric.name) !== index)
      faults.push(value(['metrics', index, 'name'], `is ${show(metric.name)} a second time`));
  });
  return [...faults, ...groupFaults(comparison), ...sizeFaults(written, compiled), ...rhythmFaults(written, compiled)];
}

function metricFaults(metric: WrittenKayentaMetric, target: Compiled['target']): KayentaFault[] {
  const faults: KayentaFault[] = [];
  const { effectSize = {}, direction = 'either' } = metric;
  const side = faultOfSide(metric.query, target);
  if (side !== null) faults.push(value(['query'], side));
  if (metric.muted && metric.critical)
    faults.push(choice(['muted'], 'stands beside critical; a muted metric decides nothing'));
  if (metric.mustHaveData && metric.nan === 'replace')
    faults.push(choice(['mustHaveData'], 'stands beside nan: replace, with which no data counts as 0'));
  if (metric.outlierFactor !== undefined && metric.outliers !== 'remove')
    faults.push(choice(['outlierFactor'], 'says nothing without outliers: remove'));
  for (const [name, limit] of Object.entries(effectSize)) {
    const path = ['effectSize', name];
    if (typeof limit !== 'number') continue;
    const judged = name.endsWith('Increase') ? 'increase' : 'decrease';
    if (direction !== 'either' && direction !== judged)
      faults.push(choice(path, `says nothing with direction: ${direction}`));
    if (name.startsWith('critical') && !metric.critical)
      faults.push(choice(path, 'says nothing without critical: true'));
    if (effectSize.measure === 'cles' && limit > 1) faults.push(value(path, `is ${limit}; cles is a share, at most 1`));
  }
  return faults;
}

/** Weights that no score could reach, or that leave a group without any. */
function groupFaults({ groups, metrics }: KayentaPlan): KayentaFault[] {
  const counting = new Set(metrics.filter(({ muted }) => !muted).flatMap((metric) => metric.groups));
  const faults = Object.keys(groups)
    .filter((name) => !counting.has(name))
    .map((name) => choice(['groups', name], 'is the group of no metric that counts; its weight would be lost'));
  const sum = Object.values(groups).reduce((so, weight) => so + weight, 0);
  const rest = [...counting].filter((name) => !Object.hasOwn(groups, name));
  const off = Math.abs(sum - 100) > 1e-9;
  if (Object.keys(groups).length === 0) return faults;
  if (rest.length === 0 && off)
    faults.push(value(['groups'], `weigh ${sum} together; expected 100, as every group has a weight`));
  else if (rest.length > 0 && sum >= 100 - 1e-9)
    faults.push(
      value(['groups'], `weigh ${sum} together, which leaves nothing for ${rest.join(', ')}, the group of a metric`),
    );
  return faults;
}

/** More points than one answer holds. */
function sizeFaults(written: WrittenKayenta, { comparison, canary }: Compiled): KayentaFault[] {
  const { stepMs, lookbackMs, metrics } = comparison;
  const spanMs = lookbackMs ?? rampMs(canary);
  const points = Math.floor(spanMs / stepMs) + 1;
  const most = mostPoints(metrics.length);
  if (points <= most) return [];
  const enough = Math.ceil(spanMs / (most - 1) / 1_000) * 1_000;
  const of = lookbackMs === null ? 'by the end of the ramp' : `in ${formatDuration(lookbackMs)}`;
  const message =
    `gives ${points} points of each metric ${of}; of ${metrics.length} metrics one answer holds ${most}: ` +
    `make step ${formatDuration(enough)}${lookbackMs === null ? ', or give a lookback' : ', or lookback shorter'}`;
  const where = lookbackMs !== null ? 'lookback' : written.step === undefined ? 'metrics' : 'step';
  return [value([where], message)];
}

/** A ramp that is over before enough was read could never pass. */
function rhythmFaults(written: WrittenKayenta, { canary, intervalMs, minimumReadings }: Compiled): KayentaFault[] {
  const timed = canary.steps.every((step) => step.kind === 'setWeight' || (step.kind === 'pause' && step.durationMs));
  const readings = Math.floor(rampMs(canary) / intervalMs);
  if (!timed || readings >= minimumReadings) return [];
  const message =
    `of ${formatDuration(intervalMs)} gives ${readings} of the ${minimumReadings} readings that are needed ` +
    `in the ${formatDuration(rampMs(canary))} of the ramp`;
  return [value([written.interval === undefined ? 'metrics' : 'interval'], message)];
}

/** How long the steps pause; what waits for people comes to it. */
function rampMs({ steps }: CanaryPlan): number {
  return steps.reduce((sum, step) => sum + (step.kind === 'pause' ? (step.durationMs ?? 0) : 0), 0);
}
