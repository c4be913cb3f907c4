import { formatDuration } from '../duration.ts';
import type { CutoverPlan, DatabasePlan, FlagsPlan, Plan, PromotionPlan, ValidationPlan } from '../plan.ts';
import { drivenRows } from './driven.ts';
import { type Row, row } from './row.ts';
import { analysisRows, canaryRows, stepRows } from './steps.ts';
import { targetRows } from './target.ts';
import { analysisMs, earliestStepMs, loadMs, timeline } from './timeline.ts';
import {
  approvalText,
  editText,
  failing,
  gateText,
  imageText,
  migrationText,
  monitorDeadline,
  monitorText,
  performanceText,
  securityText,
  THEN_BACK,
  within,
} from './words.ts';

/** Every phase of a plan, in the order in which they run. */
export function planRows(plan: Plan): Row[] {
  const { canary, cutover, flags, validation, window } = timeline(plan);
  const switched = canary + cutover;
  const ramped = switched + flags;
  const validated = ramped + validation;
  const closed = validated + window;
  return [
    ...targetRows(plan.target),
    ...plan.gates.map((gate) => row(null, 'gates', gateText(gate), within(gate.timeoutMs, 'then rejected'))),
    ...imageRows(plan),
    ...plan.configuration.map((edit) => row(null, 'configuration', editText(edit))),
    ...(plan.database ? expandRows(plan.database) : []),
    ...(plan.target.platform === 'argo' ? drivenRows(plan, plan.target) : canaryRows(plan.canary, plan.target)),
    ...promotionRows(plan.promotion, canary),
    ...(plan.cutover ? cutoverRows(plan.cutover, canary) : []),
    ...(plan.flags ? flagRows(plan.flags, switched) : []),
    ...(plan.validation ? validationRows(plan.validation, ramped) : []),
    row(validated, 'window', `old side kept warm for ${formatDuration(plan.window.durationMs)}`),
    ...(plan.database ? contractRows(plan.database, closed) : []),
    row(closed, 'released', ''),
  ];
}

function imageRows({ image, version }: Plan): Row[] {
  if (image === undefined) return [];
  const deadline = image.build === null ? '' : within(image.build.timeoutMs, 'then rejected');
  return [row(null, 'image', imageText(image, version), deadline)];
}

function expandRows({ name, expand, deadlineMs }: DatabasePlan): Row[] {
  return expand.map((file) => row(null, 'expand', migrationText(file, name), within(deadlineMs)));
}

function promotionRows({ monitor, approval }: PromotionPlan, at: number): Row[] {
  const last =
    approval === null
      ? row(at, 'promotion', 'automatic')
      : row(at, 'promotion', approvalText(approval), within(approval.deadlineMs));
  return monitor === null ? [last] : [row(at, 'promotion', monitorText(monitor), monitorDeadline(monitor)), last];
}

/** Of a Rollout without a release file too. */
export function cutoverRows({ preview, before, approval, pauseMs, after }: CutoverPlan, start: number): Row[] {
  const looked = start + analysisMs(before);
  const switched = looked + (pauseMs ?? 0);
  const of = (at: number, what: string, deadline = '') => row(at, 'cutover', what, deadline);
  return [
    ...(preview ? [of(start, `preview ${preview.path} answers ${preview.status}`, THEN_BACK)] : []),
    ...(before ? analysisRows(before, start, 'cutover', 'before') : []),
    ...(approval ? [of(looked, approvalText(approval), within(approval.deadlineMs))] : []),
    ...(pauseMs === null ? [] : [of(looked, `pause ${formatDuration(pauseMs)}, or until promoted`)]),
    of(switched, 'all traffic in one switch'),
    ...(after ? analysisRows(after, switched, 'cutover', 'after') : []),
  ];
}

function flagRows({ ramps, onFailure }: FlagsPlan, start: number): Row[] {
  const rows: Row[] = [];
  let at = start;
  for (const { key, variant, steps } of ramps) {
    for (const step of steps) {
      rows.push(...stepRows(step, at, 'flags', `${key}=${variant}`, failing(onFailure)));
      at += earliestStepMs(step);
    }
  }
  return rows;
}

function validationRows({ security, performance, onFailure }: ValidationPlan, at: number): Row[] {
  const then = failing(onFailure);
  const end = at + loadMs(performance);
  return [
    ...(security ? [row(at, 'validation', securityText(security), then)] : []),
    ...(performance ? [row(at, 'validation', performanceText(performance), then)] : []),
    row(end, 'validation', 'checklist answered from the evidence', then),
  ];
}

/** Beforehand, so that nobody learns in the night that there is no way back. */
function contractRows({ name, contract, approval, deadlineMs }: DatabasePlan, at: number): Row[] {
  if (contract.length === 0) return [];
  const asked = within(approval.deadlineMs, 'then dropped');
  return [
    row(at, 'contract', `${approvalText(approval)}: from here there is no way back`, asked),
    ...contract.map((file) =>
      row(at, 'contract', migrationText(file, name), within(deadlineMs, 'then a person decides')),
    ),
  ];
}
