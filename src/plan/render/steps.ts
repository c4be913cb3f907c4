import { budgetOf } from '../../rollout/budget.ts';
import { reachable } from '../../rollout/ratio.ts';
import { routedStepText } from '../../rollout/routed-step.ts';
import { formatDuration } from '../duration.ts';
import type { AnalysisPlan, CanaryPlan, FlagStep, MetricPlan, Step, Target } from '../plan.ts';
import { type Row, row } from './row.ts';
import { earliestStepMs } from './timeline.ts';
import { lowTrafficText, metricText, within } from './words.ts';

/** The rows of a ramp alone, also of a Rollout without a release file. */
export function canaryRows(canary: CanaryPlan, target?: Target): Row[] {
  const { steps, background, comparison, readyDeadlineMs, baselineService, rollbackWindow } = canary;
  const rows = [row(0, 'canary', 'new version ready', within(readyDeadlineMs))];
  if (rollbackWindow) {
    const far = `${rollbackWindow.revisions} ${rollbackWindow.revisions === 1 ? 'revision' : 'revisions'}`;
    rows.push(row(0, 'canary', `no steps for a version that was stable within the last ${far}`));
  }
  if (baselineService !== undefined)
    rows.push(row(0, 'canary', `${baselineService} ready: a fresh copy of stable`, within(readyDeadlineMs)));
  if (comparison) {
    const head = 'comparison with stable from here, at every look';
    rows.push(row(0, 'canary', head, 'worse: back at once'), ...comparison.metrics.map(comparedRow));
  }
  let at = 0;
  for (const [index, step] of steps.entries()) {
    if (background?.startingStep === index) rows.push(...backgroundRows(background.analysis, at));
    const name = `step ${index + 1}`;
    const asked = step.kind === 'setWeight' && target ? askedAndReachable(step.weight, target) : null;
    rows.push(...(asked === null ? stepRows(step, at, 'canary', name) : [row(at, 'canary', `${name}: ${asked}`)]));
    at += earliestStepMs(step);
  }
  if (steps.length === 0 && background !== null) rows.push(...backgroundRows(background.analysis, at));
  return rows;
}

/** `null`: the router splits the requests as asked, or so many pods come to just that. */
function askedAndReachable(weight: number, target: Target): string | null {
  if (target.platform !== 'kubernetes' || target.traffic.kind !== 'replicas') return null;
  const { replicas, scale } = target;
  const { canary, stable, weight: reached } = reachable(weight, replicas, budgetOf({ replicas, ...scale }).surge);
  if (reached === weight) return null;
  const pods = `${canary + stable} ${canary + stable === 1 ? 'pod' : 'pods'}`;
  return `weight: asked ${weight} %, reachable ${Number(reached.toFixed(1))} % with ${pods}, ${canary} of them the canary’s`;
}

/** One step of traffic or of a flag, called by a name. */
export function stepRows(step: Step | FlagStep, at: number, phase: string, name: string, then?: string): Row[] {
  switch (step.kind) {
    case 'setWeight':
      return [row(at, phase, `${name}: weight ${step.weight} %`)];
    case 'setPercent':
      return [row(at, phase, `${name}: ${step.percent} % of users`)];
    case 'pause':
      return step.durationMs === null
        ? [row(at, phase, `${name}: pause until promoted`, within(step.deadlineMs, then))]
        : [row(at, phase, `${name}: pause ${formatDuration(step.durationMs)}`)];
    case 'analysis':
      return analysisRows(step.analysis, at, phase, name, then);
    case 'setCanaryScale':
    case 'setHeaderRoute':
    case 'setMirrorRoute':
      return [row(at, phase, `${name}: ${routedStepText(step)}`)];
  }
}

/** An analysis that is waited for, and each of its metrics. */
export function analysisRows(analysis: AnalysisPlan, at: number, phase: string, name: string, then?: string): Row[] {
  const head = row(at, phase, `${name}: analysis ${analysis.templates.join(', ')}`, within(analysis.deadlineMs, then));
  return [head, ...metricRows(analysis, phase)];
}

const comparedRow = (metric: MetricPlan): Row => row(null, 'canary', metricText(metric));

function backgroundRows(analysis: AnalysisPlan, at: number): Row[] {
  const needs = `at least ${analysis.minimumReadings} good, one at the last weight`;
  const head = row(at, 'canary', `analysis beside the steps from here: ${analysis.templates.join(', ')}`, needs);
  return [head, ...metricRows(analysis, 'canary')];
}

function metricRows(analysis: AnalysisPlan, phase: string): Row[] {
  const rows = analysis.metrics.map((metric) =>
    row(null, phase, metricText(metric), metric.failureLimit < 0 ? '' : failingAt(metric.failureLimit)),
  );
  const lowTraffic = analysis.metrics.find((metric) => metric.lowTraffic !== undefined)?.lowTraffic;
  return lowTraffic === undefined ? rows : [...rows, row(null, phase, lowTrafficText(lowTraffic))];
}

const failingAt = (limit: number): string => (limit === 0 ? 'one bad fails' : `more than ${limit} bad fail`);
