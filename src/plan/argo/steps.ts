import { formatDuration } from '../duration.ts';
import type { BackgroundAnalysis, Step } from '../plan.ts';
import type { Path, Report } from '../problem.ts';
import { piece, valueAt } from '../shape/check.ts';
import type { Source } from '../yaml/read.ts';
import { type AnalysisSettings, type CompiledAnalysis, compileAnalysis } from './analysis.ts';
import { describeRhythm, shortestMs } from './metric.ts';
import type { RolloutPlatform } from './platform.ts';
import { backgroundSchema, stepSchema } from './steps-schema.ts';
import type { TemplateSet } from './templates.ts';

export interface RampSettings {
  readonly analysis: AnalysisSettings;
  /** How long `pause: {}` waits for a person. */
  readonly openPauseDeadlineMs: number;
  readonly platform: RolloutPlatform;
}

/** The steps at a path (their shape is reported by the caller); `undefined` where one of them is wrong. */
export function compileSteps(
  source: Source,
  path: Path,
  templates: TemplateSet,
  settings: RampSettings,
  report: Report,
): Step[] | undefined {
  const raw = valueAt(source.value, path);
  if (raw === undefined || raw === null) return [];
  if (!Array.isArray(raw)) return undefined;
  const steps = raw.map((_, index) => compileStep(source, [...path, index], templates, settings, report));
  return steps.every((step) => step !== undefined) ? steps : undefined;
}

function compileStep(
  source: Source,
  path: Path,
  templates: TemplateSet,
  settings: RampSettings,
  report: Report,
): Step | undefined {
  const raw = valueAt(source.value, path);
  const compiled =
    valueAt(raw, ['analysis']) == null
      ? undefined
      : compileAnalysis(source, [...path, 'analysis'], templates, settings.analysis, report);
  const step = piece(stepSchema[settings.platform], raw);
  if (step === undefined) return undefined;
  if (step.setWeight != null) return { kind: 'setWeight', weight: step.setWeight };
  if (step.pause != null) {
    const durationMs = step.pause.duration ?? null;
    return { kind: 'pause', durationMs, deadlineMs: durationMs ?? settings.openPauseDeadlineMs };
  }
  if (compiled === undefined) return undefined;
  warnEndless(compiled, report);
  return { kind: 'analysis', analysis: compiled.plan };
}

/** Readings without an end, of an analysis that a step waits for. */
export function warnEndless(compiled: CompiledAnalysis, report: Report): void {
  const deadline = formatDuration(compiled.plan.deadlineMs);
  for (const { metric, source, path } of compiled.placed) {
    if (metric.count !== null) continue;
    const message = `has an interval and no count, so a step that waits for it never ends well; it is an error after ${deadline}`;
    report.warning(source, [...path, 'interval'], 'SHIPLOCK_PLAN_ANALYSIS_ENDLESS', message);
  }
}

/** The analysis beside the steps; `null` where there is none, `undefined` where it is wrong. */
export function compileBackground(
  source: Source,
  path: Path,
  steps: readonly Step[] | undefined,
  templates: TemplateSet,
  settings: RampSettings,
  report: Report,
): BackgroundAnalysis | null | undefined {
  const raw = valueAt(source.value, path);
  if (raw === undefined || raw === null) return null;
  if (valueAt(raw, ['interval']) != null) {
    const message = 'is no field of Argo and is ignored; the templates carry the interval';
    report.warning(source, [...path, 'interval'], 'SHIPLOCK_PLAN_INTERVAL_IGNORED', message, 'key');
  }
  const compiled = compileAnalysis(source, path, templates, settings.analysis, report);
  const background = piece(backgroundSchema, raw);
  if (background === undefined) return undefined;
  const startingStep = background.startingStep ?? 0;
  if (steps !== undefined && startingStep > 0 && startingStep >= steps.length) {
    const message = `is ${startingStep}; expected the index of a step, 0 to ${Math.max(0, steps.length - 1)}`;
    report.error(source, [...path, 'startingStep'], 'SHIPLOCK_PLAN_RANGE', message);
    return undefined;
  }
  if (steps === undefined || compiled === undefined) return undefined;
  warnReadings(compiled, startingStep, steps, report);
  return { startingStep, analysis: compiled.plan };
}

/** Readings that the ramp is too short for: not wrong, but worth knowing before the night. */
function warnReadings(compiled: CompiledAnalysis, startingStep: number, steps: readonly Step[], report: Report): void {
  const rest = steps.slice(startingStep);
  if (rest.some((step) => step.kind === 'analysis' || (step.kind === 'pause' && step.durationMs === null))) return;
  const restMs = rest.reduce((sum, step) => sum + (step.kind === 'pause' ? (step.durationMs ?? 0) : 0), 0);
  const minimum = compiled.plan.minimumReadings;
  const after = `the ${formatDuration(restMs)} ${startingStep === 0 ? 'of the ramp' : `after step ${startingStep}`}`;
  for (const { metric, source, path } of compiled.placed) {
    const place: Path = [...path, metric.intervalMs === null ? 'name' : 'interval'];
    const fitting =
      metric.intervalMs === null ? 1 : Math.floor(Math.max(0, restMs - metric.initialDelayMs) / metric.intervalMs) + 1;
    const possible = Math.min(fitting, metric.count ?? Number.POSITIVE_INFINITY);
    if (possible < minimum) {
      const message = `at most ${possible} of the ${minimum} good readings that are needed fit into ${after}: a person will have to decide`;
      report.warning(source, place, 'SHIPLOCK_PLAN_READINGS_TOO_FEW', message);
    } else if ((shortestMs(metric) ?? 0) > restMs) {
      const message = `${describeRhythm(metric)} do not fit into ${after}; minimumReadings ${minimum} decide`;
      report.warning(source, place, 'SHIPLOCK_PLAN_READINGS_SHORT', message);
    }
  }
}
