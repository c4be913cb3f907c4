import { analysisAt } from '../argo/blue-green.ts';
import type { FlagRamp, FlagStep, FlagsPlan } from '../plan.ts';
import type { Path } from '../problem.ts';
import { piece, valueAt } from '../shape/check.ts';
import type { CompiledCanary } from './canary.ts';
import type { Context } from './context.ts';
import { flagStepSchema, flagsSchema } from './schema-phases.ts';

const VARIANT = 'on';

/** `undefined`: the release ramps no flag, or what it says of one is wrong. */
export function compileFlags(context: Context, ramp: CompiledCanary): FlagsPlan | undefined {
  const { source, report } = context;
  const raw = valueAt(source.value, ['flags']);
  const list = valueAt(raw, ['ramps']);
  const ramps: FlagRamp[] = [];
  for (const [index, written] of (Array.isArray(list) ? list : []).entries()) {
    const at: Path = ['flags', 'ramps', index];
    const steps = compileSteps(context, [...at, 'steps'], ramp);
    checkRising(context, [...at, 'steps']);
    const key = valueAt(written, ['key']);
    if (ramps.some((other) => other.key === key)) {
      const message = `a second ramp is of the flag ${key}; expected one ramp for each flag`;
      report.error(source, [...at, 'key'], 'SHIPLOCK_PLAN_DUPLICATE', message);
    }
    if (typeof key !== 'string' || steps === undefined) continue;
    ramps.push({ key, variant: String(valueAt(written, ['variant']) ?? VARIANT), steps });
  }
  const flags = piece(flagsSchema, raw);
  return flags === undefined || ramps.length < flags.ramps.length
    ? undefined
    : { ramps, onFailure: flags.onFailure ?? 'release' };
}

function compileSteps(context: Context, at: Path, ramp: CompiledCanary): FlagStep[] | undefined {
  const raw = valueAt(context.source.value, at);
  if (!Array.isArray(raw)) return undefined;
  const steps = raw.map((_, index) => compileStep(context, [...at, index], ramp));
  return steps.every((step) => step !== undefined) ? steps : undefined;
}

function compileStep(context: Context, at: Path, { templates, settings }: CompiledCanary): FlagStep | undefined {
  const { source, report } = context;
  const analysis = analysisAt(source, [...at, 'analysis'], templates, settings, report);
  const step = piece(flagStepSchema, valueAt(source.value, at));
  if (step === undefined || analysis === undefined) return undefined;
  if (step.setPercent !== undefined) return { kind: 'setPercent', percent: step.setPercent };
  if (analysis !== null) return { kind: 'analysis', analysis };
  const durationMs = step.pause?.duration ?? null;
  return { kind: 'pause', durationMs, deadlineMs: durationMs ?? settings.openPauseDeadlineMs };
}

/** A ramp only turns on: going down is what its undo is for. */
function checkRising(context: Context, at: Path): void {
  const raw = valueAt(context.source.value, at);
  if (!Array.isArray(raw) || raw.length === 0) return;
  let last = 0;
  let moves = 0;
  for (const [index, step] of raw.entries()) {
    const percent = valueAt(step, ['setPercent']);
    if (percent === undefined) continue;
    moves += 1;
    if (typeof percent !== 'number') continue;
    if (percent <= last) {
      const message = `is ${percent}, ${last === 0 ? 'which turns nothing on' : `after ${last}`}; expected more than ${last}`;
      context.report.error(context.source, [...at, index, 'setPercent'], 'SHIPLOCK_PLAN_RANGE', message);
    }
    last = Math.max(last, percent);
  }
  if (moves === 0) {
    const message = 'turn nothing on; expected at least one setPercent';
    context.report.error(context.source, at, 'SHIPLOCK_PLAN_NEEDS', message, 'key');
  }
}
