/** A release that drives the controller of an existing Rollout: whose steps stand in the cluster, not here. */
import type { ArgoTarget, ImagePlan } from '../plan.ts';
import type { Path } from '../problem.ts';
import { piece, valueAt } from '../shape/check.ts';
import { type CompiledCanary, READY_DEADLINE_MS, rolloutSettings } from './canary.ts';
import type { Context } from './context.ts';
import { argoTargetSchema } from './schema-driven.ts';
import { releaseTemplates } from './templates.ts';

const AT: Path = ['target'];
const DEADLINE_MS = 24 * 60 * 60_000;

/** The Rollout's steps are not known here, and the controller takes them. */
export function drivenRamp(context: Context): CompiledCanary {
  const settings = rolloutSettings(valueAt(context.source.value, ['canary']), context.platform);
  const readyDeadlineMs = settings.readyDeadlineMs ?? READY_DEADLINE_MS;
  return {
    replicas: null,
    canaryService: null,
    stableService: null,
    canary: { steps: [], background: null, readyDeadlineMs },
    windowMs: null,
    blueGreen: null,
    rollout: null,
    stepPlaces: [],
    templates: releaseTemplates(undefined, context),
    settings,
  };
}

/** `null` with the reason reported. */
export function compileArgoTarget(
  context: Context,
  { settings }: CompiledCanary,
  image: ImagePlan | undefined,
): ArgoTarget | null {
  const target = piece(argoTargetSchema, valueAt(context.source.value, AT));
  if (target === undefined) return null;
  const repository = target.repository ?? image?.repository;
  if (repository === undefined) {
    const message = 'is missing, and there is no image; expected the repository of the image that the Rollout runs';
    context.report.error(context.source, [...AT, 'repository'], 'SHIPLOCK_PLAN_NEEDS', message, 'key');
    return null;
  }
  if (image !== undefined && image.repository !== repository) {
    const message = `is ${repository}, but the release's image is ${image.repository}`;
    context.report.error(context.source, [...AT, 'repository'], 'SHIPLOCK_PLAN_VALUE', message);
  }
  return {
    platform: 'argo',
    cluster: target.cluster ?? 'default',
    namespace: target.namespace,
    rollout: target.rollout,
    container: target.container,
    repository,
    readinessPath: target.readinessPath ?? '/ready',
    stableService: target.stableService ?? `${context.service}-stable`,
    canaryService: target.canaryService ?? `${context.service}-canary`,
    pauseDeadlineMs: settings.openPauseDeadlineMs,
    inconclusiveDeadlineMs: settings.analysis.inconclusiveDeadlineMs,
    deadlineMs: target.deadline ?? DEADLINE_MS,
  };
}
