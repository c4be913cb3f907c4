import { type CompiledRollout, compileRollout, type RolloutSettings } from '../argo/rollout.ts';
import { compileBackground, compileSteps } from '../argo/steps.ts';
import { collectTemplates, type TemplateSet } from '../argo/templates.ts';
import { piece, valueAt } from '../shape/check.ts';
import { duration } from '../shape/fields.ts';
import { pickRollout } from './configuration.ts';
import type { Context } from './context.ts';
import { analysisSettingsSchema, canarySchema } from './schema.ts';

/** Invariant 4 of the design: one or two readings can be luck. */
const MINIMUM_READINGS = 3;
const INCONCLUSIVE_DEADLINE_MS = 30 * 60_000;
const OPEN_PAUSE_DEADLINE_MS = 60 * 60_000;
const READY_DEADLINE_MS = 300_000;

/** The ramp as the release's Rollout or its own steps have it. */
export type CompiledCanary = Omit<CompiledRollout, 'name' | 'replicas'> & { readonly replicas: number | null };

export function compileCanary(context: Context): CompiledCanary {
  const { source, report } = context;
  const raw = valueAt(source.value, ['canary']);
  const settings = rolloutSettings(raw);
  const rolloutRef = piece(canarySchema.shape.rollout, valueAt(raw, ['rollout']));
  const rollout = rolloutRef === undefined ? null : pickRollout(rolloutRef, ['canary', 'rollout'], context);
  const templates = releaseTemplates(raw, rolloutRef?.file, context);
  if (valueAt(raw, ['background']) !== undefined && valueAt(raw, ['rollout']) !== undefined) {
    const message = 'stands beside a rollout, which has its own analysis; use it with steps only';
    report.error(source, ['canary', 'background'], 'SHIPLOCK_PLAN_CHOICE', message, 'key');
  }
  if (rollout !== null) return compileRollout(rollout, templates, settings, report);
  const steps = compileSteps(source, ['canary', 'steps'], templates, settings, report);
  const background = compileBackground(source, ['canary', 'background'], steps, templates, settings, report);
  const readyDeadlineMs = settings.readyDeadlineMs ?? READY_DEADLINE_MS;
  const whole = steps !== undefined && background !== undefined;
  const canary = whole ? { steps, background, readyDeadlineMs } : undefined;
  return { replicas: null, canaryService: null, stableService: null, canary };
}

/** Defaults of whatever the release file does not say; also used for manifests by themselves. */
export function rolloutSettings(raw: unknown): RolloutSettings {
  const analysis = piece(analysisSettingsSchema, valueAt(raw, ['analysis']));
  return {
    readyDeadlineMs: piece(duration(), valueAt(raw, ['readyDeadline'])) ?? null,
    openPauseDeadlineMs: piece(duration(), valueAt(raw, ['openPauseDeadline'])) ?? OPEN_PAUSE_DEADLINE_MS,
    analysis: {
      minimumReadings: analysis?.minimumReadings ?? MINIMUM_READINGS,
      inconclusiveDeadlineMs: analysis?.inconclusiveDeadline ?? INCONCLUSIVE_DEADLINE_MS,
      deadlineMs: analysis?.deadline ?? null,
    },
  };
}

/** Templates of the named files and of the Rollout's own file. */
function releaseTemplates(raw: unknown, rolloutFile: string | undefined, context: Context): TemplateSet {
  const files = new Set(rolloutFile === undefined ? [] : [rolloutFile]);
  const named = valueAt(raw, ['templates']);
  const sources = [...files].flatMap((file) => context.manifests(file, ['canary', 'rollout', 'file']).templates);
  for (const [index, file] of (Array.isArray(named) ? named : []).entries()) {
    if (typeof file !== 'string' || file === '' || files.has(file)) continue;
    files.add(file);
    const found = context.manifests(file, ['canary', 'templates', index]).templates;
    if (found.length === 0 && context.documents(file).length > 0) {
      const message = `${file} holds no AnalysisTemplate`;
      context.report.error(context.source, ['canary', 'templates', index], 'SHIPLOCK_PLAN_TEMPLATE_MISSING', message);
    }
    sources.push(...found);
  }
  return collectTemplates(sources, context.report);
}
