import { describeRhythm } from '../argo/metric.ts';
import { formatDuration } from '../duration.ts';
import type { AnalysisPlan, ApprovalPlan, CanaryPlan, Gate, MonitorPlan, Plan, Step } from '../plan.ts';
import { printable } from '../problem.ts';
import { earliestStepMs, rampMs } from './timeline.ts';

/** One line of a plan's table. Cells are plain text; `null` leaves a cell empty. */
export interface Row {
  /** When it can happen at the earliest, from the start of the ramp. */
  readonly earliestMs: number | null;
  readonly phase: string;
  readonly what: string;
  /** What ends the wait, and how. */
  readonly deadline: string;
}

export function planRows(plan: Plan): Row[] {
  const end = rampMs(plan.canary);
  const rows: Row[] = [
    ...plan.gates.map((gate) => row(null, 'gates', gateText(gate), `${formatDuration(gate.timeoutMs)}, then rejected`)),
    ...plan.configuration.map((edit) =>
      row(
        null,
        'configuration',
        `${edit.kind === 'helm' ? edit.field : `image of ${edit.field}`} in ${short(edit.file)}`,
        '',
      ),
    ),
    ...canaryRows(plan.canary),
  ];
  const { monitor, approval } = plan.promotion;
  if (monitor !== null) rows.push(row(end, 'promotion', monitorText(monitor), monitorDeadline(monitor)));
  rows.push(
    approval === null
      ? row(end, 'promotion', 'automatic', '')
      : row(end, 'promotion', approvalText(approval), `${formatDuration(approval.deadlineMs)}, then back`),
    row(end, 'window', `old side kept warm for ${formatDuration(plan.window.durationMs)}`, ''),
    row(end + plan.window.durationMs, 'released', '', ''),
  );
  return rows;
}

/** The rows of a ramp alone, also of a Rollout without a release file. */
export function canaryRows(canary: CanaryPlan): Row[] {
  const rows = [row(0, 'canary', 'new version ready', `${formatDuration(canary.readyDeadlineMs)}, then back`)];
  let at = 0;
  for (const [index, step] of canary.steps.entries()) {
    if (canary.background?.startingStep === index) rows.push(...backgroundRows(canary.background.analysis, at));
    rows.push(...stepRows(step, index, at));
    at += earliestStepMs(step);
  }
  if (canary.steps.length === 0 && canary.background !== null) {
    rows.push(...backgroundRows(canary.background.analysis, at));
  }
  return rows;
}

function stepRows(step: Step, index: number, at: number): Row[] {
  const name = `step ${index + 1}`;
  switch (step.kind) {
    case 'setWeight':
      return [row(at, 'canary', `${name}: weight ${step.weight} %`, '')];
    case 'pause':
      return step.durationMs === null
        ? [row(at, 'canary', `${name}: pause until promoted`, `${formatDuration(step.deadlineMs)}, then back`)]
        : [row(at, 'canary', `${name}: pause ${formatDuration(step.durationMs)}`, '')];
    case 'analysis': {
      const deadline = `${formatDuration(step.analysis.deadlineMs)}, then back`;
      return [
        row(at, 'canary', `${name}: analysis ${step.analysis.templates.join(', ')}`, deadline),
        ...metricRows(step.analysis),
      ];
    }
  }
}

function backgroundRows(analysis: AnalysisPlan, at: number): Row[] {
  const needs = `at least ${analysis.minimumReadings} good, one at the last weight`;
  return [
    row(at, 'canary', `analysis beside the steps from here: ${analysis.templates.join(', ')}`, needs),
    ...metricRows(analysis),
  ];
}

function metricRows(analysis: AnalysisPlan): Row[] {
  return analysis.metrics.map((metric) => {
    const good = metric.successCondition === null ? '' : ` good: ${metric.successCondition}`;
    const bad = metric.failureCondition === null ? '' : ` bad: ${metric.failureCondition}`;
    const limit = `more than ${metric.failureLimit} bad fail`;
    return row(null, 'canary', `· ${metric.name}:${good}${bad} · ${describeRhythm(metric)}`, limit);
  });
}

function gateText(gate: Gate): string {
  switch (gate.kind) {
    case 'command':
      return `${gate.name}: ${gate.command.join(' ')}`;
    case 'coverage':
      return `${gate.name}: ${gate.report} at ${gate.minimumPercent} % or more`;
    case 'audit':
      return `${gate.name}: ${gate.command?.join(' ') ?? `${gate.report} (recorded)`}, nothing ${gate.level} or worse`;
  }
}

function monitorText({ healthy, unhealthy }: MonitorPlan): string {
  const good = `healthy: success ≥ ${healthy.success}, p95 ≤ ${healthy.p95Seconds} s`;
  return `${good} · unhealthy: success < ${unhealthy.success} or p95 > ${unhealthy.p95Seconds} s`;
}

function monitorDeadline({ intervalMs, attempts }: MonitorPlan): string {
  return `every ${formatDuration(intervalMs)}, ${attempts} times, then back`;
}

function approvalText({ quorum, requires, notStarter }: ApprovalPlan): string {
  const who = quorum === 1 ? 'a person approves' : `${quorum} persons approve`;
  const proof = requires === 'anonymous' ? '' : ` (proven by ${requires})`;
  return `${who}${proof}${notStarter ? ', not the starter' : ''}`;
}

/** The last two parts of a path: enough to know it by. */
function short(file: string): string {
  return file.split('/').slice(-2).join('/');
}

function row(earliestMs: number | null, phase: string, what: string, deadline: string): Row {
  return { earliestMs, phase, what: printable(what), deadline: printable(deadline) };
}
