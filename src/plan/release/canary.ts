import type { RolloutPlatform } from '../argo/platform.ts';
import { type CompiledRollout, compileRollout, type RolloutSettings } from '../argo/rollout.ts';
import { compileBackground, compileSteps } from '../argo/steps.ts';
import type { TemplateSet } from '../argo/templates.ts';
import type { AnalysisPlan, CanaryPlan } from '../plan.ts';
import { piece, valueAt } from '../shape/check.ts';
import { duration } from '../shape/fields.ts';
import type { Source } from '../yaml/read.ts';
import { pickRollout } from './configuration.ts';
import type { Context } from './context.ts';
import { analysisSettingsSchema, rollbackWindow, rolloutReference } from './schema.ts';
import { given, notExactlyOne } from './schema-fields.ts';
import { releaseTemplates } from './templates.ts';

/** Invariant 4 of the design: one or two readings can be luck. */
const MINIMUM_READINGS = 3;
const INCONCLUSIVE_DEADLINE_MS = 30 * 60_000;
const OPEN_PAUSE_DEADLINE_MS = 60 * 60_000;
export const READY_DEADLINE_MS = 300_000;

/** The ramp as the release's Rollout or its own steps have it, and what later analyses are compiled with. */
export interface CompiledCanary extends Omit<CompiledRollout, 'name' | 'replicas'> {
  /** `null`: no Rollout says. */
  readonly replicas: number | null;
  /** The Rollout itself; `null`: the release has none, or names none that is there. */
  readonly rollout: Source | null;
  readonly templates: TemplateSet;
  readonly settings: RolloutSettings;
}

export function compileCanary(context: Context): CompiledCanary {
  const { source, report } = context;
  const raw = valueAt(source.value, ['canary']);
  checkChoice(context, raw);
  const settings = rolloutSettings(raw, context.platform);
  const rolloutRef = piece(rolloutReference, valueAt(raw, ['rollout']));
  const rollout = rolloutRef === undefined ? null : pickRollout(rolloutRef, ['canary', 'rollout'], context);
  const templates = releaseTemplates(rolloutRef?.file, context);
  const revisions = piece(rollbackWindow[context.platform], valueAt(raw, ['rollbackWindow']))?.revisions;
  const window = revisions ? { rollbackWindow: { revisions } } : {};
  if (rollout !== null) {
    const compiled = compileRollout(rollout, templates, settings, report);
    const canary = compiled.canary && { ...compiled.canary, ...window };
    return { ...compiled, canary: withLowTraffic(canary, raw), rollout, templates, settings };
  }
  const steps = compileSteps(source, ['canary', 'steps'], templates, settings, report);
  const background = compileBackground(source, ['canary', 'background'], steps, templates, settings, report);
  const readyDeadlineMs = settings.readyDeadlineMs ?? READY_DEADLINE_MS;
  const whole = steps !== undefined && background !== undefined;
  return {
    replicas: null,
    canaryService: null,
    stableService: null,
    canary: withLowTraffic(whole ? { steps: steps.steps, background, readyDeadlineMs, ...window } : undefined, raw),
    stepPlaces: steps?.places ?? [],
    windowMs: null,
    blueGreen: null,
    rollout: null,
    templates,
    settings,
  };
}

/** A ramp of a Rollout, or of steps; none only where a cutover moves the traffic. */
function checkChoice(context: Context, raw: unknown): void {
  const { source, report } = context;
  const cutover = valueAt(source.value, ['cutover']) !== undefined;
  if (raw === undefined || raw === null) {
    const message = 'is missing; expected a map, or a cutover';
    if (!cutover) report.error(source, ['canary'], 'SHIPLOCK_PLAN_FIELD_MISSING', message, 'key');
    return;
  }
  if (typeof raw !== 'object' || Array.isArray(raw)) return;
  const ramps = ['rollout', 'steps'];
  const count = given(raw, ramps).length;
  if (count > 1 || (count === 0 && !cutover)) {
    report.error(source, ['canary'], 'SHIPLOCK_PLAN_CHOICE', notExactlyOne(raw, ramps));
  }
  if (valueAt(raw, ['background']) === undefined) return;
  if (valueAt(raw, ['rollout']) !== undefined) {
    const message = 'stands beside a rollout, which has its own analysis; use it with steps only';
    report.error(source, ['canary', 'background'], 'SHIPLOCK_PLAN_CHOICE', message, 'key');
  } else if (valueAt(raw, ['steps']) === undefined && cutover) {
    const message = 'has no steps that it could run beside; use cutover.before or cutover.after';
    report.error(source, ['canary', 'background'], 'SHIPLOCK_PLAN_NEEDS', message, 'key');
  }
}

/** The ramp with what its readings need of traffic. After the switch the canary has another name, so only here. */
function withLowTraffic(canary: CanaryPlan | undefined, raw: unknown): CanaryPlan | undefined {
  const lowTraffic = piece(analysisSettingsSchema, valueAt(raw, ['analysis']))?.lowTraffic;
  if (!canary || !lowTraffic) return canary;
  const guarded = (analysis: AnalysisPlan): AnalysisPlan => ({
    ...analysis,
    metrics: analysis.metrics.map((metric) =>
      metric.provider.kind === 'prometheus' ? { ...metric, lowTraffic } : metric,
    ),
  });
  const { background, steps } = canary;
  return {
    ...canary,
    steps: steps.map((step) => (step.kind === 'analysis' ? { ...step, analysis: guarded(step.analysis) } : step)),
    background: background && { ...background, analysis: guarded(background.analysis) },
  };
}

/** Defaults of whatever the release file does not say; also used for manifests by themselves. */
export function rolloutSettings(raw: unknown, platform: RolloutPlatform): RolloutSettings {
  const analysis = piece(analysisSettingsSchema, valueAt(raw, ['analysis']));
  return {
    readyDeadlineMs: piece(duration(), valueAt(raw, ['readyDeadline'])) ?? null,
    openPauseDeadlineMs: piece(duration(), valueAt(raw, ['openPauseDeadline'])) ?? OPEN_PAUSE_DEADLINE_MS,
    analysis: {
      minimumReadings: analysis?.minimumReadings ?? MINIMUM_READINGS,
      inconclusiveDeadlineMs: analysis?.inconclusiveDeadline ?? INCONCLUSIVE_DEADLINE_MS,
      deadlineMs: analysis?.deadline ?? null,
      compatibility: analysis?.compatibility,
      platform,
    },
    platform,
  };
}
