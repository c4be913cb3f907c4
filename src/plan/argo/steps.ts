import type { z } from 'zod';
import { formatDuration } from '../duration.ts';
import type { BackgroundAnalysis, SetCanaryScaleStep, Step } from '../plan.ts';
import type { Path, Report } from '../problem.ts';
import { piece, valueAt } from '../shape/check.ts';
import type { Source } from '../yaml/read.ts';
import { type AnalysisSettings, type CompiledAnalysis, compileAnalysis } from './analysis.ts';
import { describeRhythm, shortestMs } from './metric.ts';
import type { RolloutPlatform } from './platform.ts';
import { headerMatches, mirrorMatches } from './routes.ts';
import { backgroundSchema, type canaryScaleSchema, stepSchema } from './steps-schema.ts';
import type { TemplateSet } from './templates.ts';

export interface RampSettings {
  readonly analysis: AnalysisSettings;
  /** How long `pause: {}` waits for a person. */
  readonly openPauseDeadlineMs: number;
  readonly platform: RolloutPlatform;
}

/** Steps of the plan, and where they come from: Argo's may hold several kinds at once, which become one after the other. */
export interface CompiledSteps {
  readonly steps: readonly Step[];
  /** Of each step. */
  readonly places: readonly Path[];
  /** The first step of the plan that each of Argo's became. */
  readonly starts: readonly number[];
}

/** The steps at a path (their shape is reported by the caller); `undefined` where one of them is wrong. */
export function compileSteps(
  source: Source,
  path: Path,
  templates: TemplateSet,
  settings: RampSettings,
  report: Report,
): CompiledSteps | undefined {
  const raw = valueAt(source.value, path) ?? [];
  if (!Array.isArray(raw)) return undefined;
  const compiled = raw.map((_, index) => compileStep(source, [...path, index], templates, settings, report));
  if (!compiled.every((steps) => steps !== undefined)) return undefined;
  const starts: number[] = [];
  const places: Path[] = [];
  for (const [index, steps] of compiled.entries()) {
    starts.push(places.length);
    places.push(...steps.map(({ kind }): Path => [...path, index, kind]));
  }
  return { steps: compiled.flat(), places, starts };
}

function compileStep(
  source: Source,
  path: Path,
  templates: TemplateSet,
  settings: RampSettings,
  report: Report,
): Step[] | undefined {
  const raw = valueAt(source.value, path);
  const compiled =
    valueAt(raw, ['analysis']) == null
      ? undefined
      : compileAnalysis(source, [...path, 'analysis'], templates, settings.analysis, report);
  const step = piece(stepSchema[settings.platform], raw);
  if (step === undefined || (step.analysis != null && compiled === undefined)) return undefined;
  const { setCanaryScale, setHeaderRoute, setMirrorRoute, setWeight, pause } = step;
  const steps: Step[] = [];
  // Pods before what is sent to them.
  if (setCanaryScale != null) steps.push(canaryScaleStep(source, path, setCanaryScale, report));
  if (setHeaderRoute != null) {
    steps.push({ kind: 'setHeaderRoute', name: setHeaderRoute.name, matches: headerMatches(setHeaderRoute) });
  }
  if (setMirrorRoute != null) {
    const { name, percentage } = setMirrorRoute;
    steps.push({ kind: 'setMirrorRoute', name, matches: mirrorMatches(setMirrorRoute), percentage: percentage ?? 100 });
  }
  if (setWeight != null) steps.push({ kind: 'setWeight', weight: setWeight });
  if (pause != null) {
    const durationMs = pause.duration ?? null;
    steps.push({ kind: 'pause', durationMs, deadlineMs: durationMs ?? settings.openPauseDeadlineMs });
  }
  if (compiled !== undefined) {
    warnEndless(compiled, report);
    steps.push({ kind: 'analysis', analysis: compiled.plan });
  }
  return steps;
}

/** Of several the first one counts (argo-rollouts `UseSetCanaryScale`, `GetCanaryReplicasOrWeight`). */
function canaryScaleStep(
  source: Source,
  path: Path,
  written: z.output<typeof canaryScaleSchema>,
  report: Report,
): SetCanaryScaleStep {
  const { matchTrafficWeight, replicas, weight } = written;
  const [first, ...others] = [
    ...(matchTrafficWeight === true ? ['matchTrafficWeight'] : []),
    ...(replicas == null ? [] : ['replicas']),
    ...(weight == null ? [] : ['weight']),
  ];
  for (const field of others) {
    const message = `is ignored, as by Argo, beside ${first}`;
    report.warning(source, [...path, 'setCanaryScale', field], 'SHIPLOCK_PLAN_FIELD_IGNORED', message, 'key');
  }
  if (matchTrafficWeight !== true && replicas != null) {
    return { kind: 'setCanaryScale', scale: { kind: 'replicas', replicas } };
  }
  if (matchTrafficWeight !== true && weight != null)
    return { kind: 'setCanaryScale', scale: { kind: 'weight', weight } };
  return { kind: 'setCanaryScale', scale: { kind: 'matchTrafficWeight' } };
}

/** Readings without an end, of an analysis that a step waits for. */
export function warnEndless(compiled: CompiledAnalysis, report: Report): void {
  const deadline = formatDuration(compiled.plan.deadlineMs);
  for (const { metric, source, path } of compiled.placed) {
    if (metric.count !== null || metric.consecutiveSuccessLimit !== undefined) continue;
    const message = `has an interval and no count, so a step that waits for it never ends well; it is an error after ${deadline}`;
    report.warning(source, [...path, 'interval'], 'SHIPLOCK_PLAN_ANALYSIS_ENDLESS', message);
  }
}

/** The analysis beside the steps; `null` where there is none, `undefined` where it is wrong. */
export function compileBackground(
  source: Source,
  path: Path,
  compiledSteps: CompiledSteps | undefined,
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
  const written = background.startingStep ?? 0;
  const count = compiledSteps?.starts.length ?? 0;
  if (compiledSteps !== undefined && written > 0 && written >= count) {
    const message = `is ${written}; expected the index of a step, 0 to ${Math.max(0, count - 1)}`;
    report.error(source, [...path, 'startingStep'], 'SHIPLOCK_PLAN_RANGE', message);
    return undefined;
  }
  if (compiledSteps === undefined || compiled === undefined) return undefined;
  const startingStep = compiledSteps.starts[written] ?? 0;
  warnReadings(compiled, startingStep, compiledSteps.steps, report);
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
