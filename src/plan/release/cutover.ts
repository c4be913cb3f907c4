import { analysisAt, type BlueGreen } from '../argo/blue-green.ts';
import type { CutoverPlan, HttpCheck } from '../plan.ts';
import { piece, valueAt } from '../shape/check.ts';
import { approvalPlan } from './approval.ts';
import type { CompiledCanary } from './canary.ts';
import type { Context } from './context.ts';
import { given } from './schema-fields.ts';
import { cutoverSchema } from './schema-phases.ts';

const STATUS = 200;
const TIMEOUT_MS = 5_000;

/** `undefined`: the release has no cutover, or what it says of one is wrong. */
export function compileCutover(
  context: Context,
  ramp: CompiledCanary,
  autoPromote: boolean | undefined,
): CutoverPlan | undefined {
  const { source, report } = context;
  const raw = valueAt(source.value, ['cutover']);
  if (raw === undefined) return ramp.blueGreen ? rolloutCutover(ramp.blueGreen, autoPromote) : undefined;
  const analysis = (name: string) => analysisAt(source, ['cutover', name], ramp.templates, ramp.settings, report);
  const before = analysis('before');
  const after = analysis('after');
  const cutover = piece(cutoverSchema, raw);
  if (cutover === undefined || before === undefined || after === undefined) return undefined;
  if (ramp.blueGreen) {
    checkBesideRollout(context, raw);
    const rollout = rolloutCutover(ramp.blueGreen, autoPromote);
    const approval = cutover.approval ? approvalPlan(cutover.approval) : rollout.approval;
    return { ...rollout, preview: preview(cutover.preview), approval, pauseMs: approval ? null : rollout.pauseMs };
  }
  checkDecision(context, raw, autoPromote, hasRamp(ramp));
  const automatic = cutover.automatic ?? automaticByDefault(cutover, autoPromote, hasRamp(ramp));
  return {
    preview: preview(cutover.preview),
    before,
    approval: automatic ? null : approvalPlan(cutover.approval),
    pauseMs: automatic ? (cutover.pause ?? null) : null,
    after,
  };
}

/** Whether traffic reaches the new side before a cutover. */
export const hasRamp = ({ canary }: Pick<CompiledCanary, 'canary'>): boolean =>
  canary?.steps.some((step) => step.kind === 'setWeight' && step.weight > 0) ?? false;

/** The cutover of Argo's blue-green strategy; `AUTO_PROMOTE` goes before `autoPromotionEnabled`. */
export function rolloutCutover(blueGreen: BlueGreen, autoPromote?: boolean): CutoverPlan {
  const { before, after, pauseMs } = blueGreen;
  const automatic = autoPromote ?? blueGreen.automatic;
  const approval = automatic ? null : approvalPlan(undefined);
  return { preview: null, before, approval, pauseMs: automatic ? pauseMs : null, after };
}

/** After a ramp the promotion has asked already; without one nobody was asked yet. */
function automaticByDefault(
  cutover: { approval?: unknown; pause?: unknown },
  autoPromote: boolean | undefined,
  ramped: boolean,
): boolean {
  if (ramped) return autoPromote === true || cutover.approval === undefined;
  return autoPromote ?? (cutover.approval === undefined && cutover.pause !== undefined);
}

function preview(written: { path: string; status?: number; timeout?: number } | undefined): HttpCheck | null {
  if (written === undefined) return null;
  return { path: written.path, status: written.status ?? STATUS, timeoutMs: written.timeout ?? TIMEOUT_MS };
}

function checkBesideRollout(context: Context, raw: unknown): void {
  for (const field of given(raw, ['before', 'after', 'automatic', 'pause'])) {
    const message = 'stands beside a blue-green rollout, which says so itself; remove it here or there';
    context.report.error(context.source, ['cutover', field], 'SHIPLOCK_PLAN_CHOICE', message, 'key');
  }
}

function checkDecision(context: Context, raw: unknown, autoPromote: boolean | undefined, ramped: boolean): void {
  const { source, report } = context;
  const automatic = valueAt(raw, ['automatic']);
  const asks = automatic === false || valueAt(raw, ['approval']) !== undefined;
  if (automatic === true && asks) {
    const message = 'stands beside automatic: true, which asks nobody; keep one of them';
    report.error(source, ['cutover', 'approval'], 'SHIPLOCK_PLAN_CHOICE', message, 'key');
  }
  if (asks && automatic !== true && valueAt(raw, ['pause']) !== undefined) {
    const message = 'stands beside an approval: a person decides when; keep one of them';
    report.error(source, ['cutover', 'pause'], 'SHIPLOCK_PLAN_CHOICE', message, 'key');
  }
  if (typeof automatic !== 'boolean' || autoPromote === undefined || automatic === autoPromote) return;
  if (automatic && ramped) return;
  const message = `is ${automatic}, but ${autoPromote} was asked for (AUTO_PROMOTE); leave it out where CI decides`;
  report.error(source, ['cutover', 'automatic'], 'SHIPLOCK_PLAN_AUTO_PROMOTE', message);
}
