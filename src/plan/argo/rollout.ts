import type { CanaryPlan } from '../plan.ts';
import type { Path, Report } from '../problem.ts';
import { checkShape, piece, valueAt } from '../shape/check.ts';
import { text } from '../shape/fields.ts';
import type { Source } from '../yaml/read.ts';
import { BLUE_GREEN, type BlueGreen, compileBlueGreen } from './blue-green.ts';
import type { RolloutPlatform } from './platform.ts';
import { checkPods } from './pod.ts';
import { rolloutSchema } from './rollout-schema.ts';
import { compileBackground, compileSteps, type RampSettings } from './steps.ts';
import type { TemplateSet } from './templates.ts';

export interface RolloutSettings extends RampSettings {
  /** `null`: the Rollout's `progressDeadlineSeconds`, else five minutes. */
  readonly readyDeadlineMs: number | null;
}

/** What a release takes from a Rollout. `canary` is `undefined` where the Rollout is wrong; why is reported. */
export interface CompiledRollout {
  readonly name: string | null;
  readonly replicas: number;
  readonly canaryService: string | null;
  readonly stableService: string | null;
  readonly canary: CanaryPlan | undefined;
  /** Where each of its steps stands. */
  readonly stepPlaces: readonly Path[];
  /** How long the old side stays warm, of a canary in a cluster; `null`: it does not say. */
  readonly windowMs: number | null;
  /** Argo's other strategy; `null` where the Rollout has it not, or is wrong. */
  readonly blueGreen: BlueGreen | null;
}

/** The mission's "apply and wait until available". */
const READY_DEADLINE_MS = 300_000;

export const CANARY: Path = ['spec', 'strategy', 'canary'];

export function compileRollout(
  source: Source,
  templates: TemplateSet,
  settings: RolloutSettings,
  report: Report,
): CompiledRollout {
  const before = report.errors().length;
  checkShape(rolloutSchema[settings.platform], source, source.value, [], report);
  checkPods(source, report);
  checkSpec(source, settings.platform, report);
  const steps = compileSteps(source, [...CANARY, 'steps'], templates, settings, report);
  const background = compileBackground(source, [...CANARY, 'analysis'], steps, templates, settings, report);
  if (steps?.steps.length === 0 && valueAt(source.value, CANARY) != null) {
    const message = 'has no steps: all traffic moves to the new version at once';
    report.warning(source, CANARY, 'SHIPLOCK_PLAN_STEPS_NONE', message, 'key');
  }
  const blueGreen = compileBlueGreen(source, templates, settings, report);
  const whole = report.errors().length === before && steps !== undefined && background !== undefined;
  const deadline = valueAt(source.value, ['spec', 'progressDeadlineSeconds']);
  const readyDeadlineMs =
    settings.readyDeadlineMs ?? (typeof deadline === 'number' ? deadline * 1_000 : READY_DEADLINE_MS);
  const replicas = valueAt(source.value, ['spec', 'replicas']);
  const serviceAt = (...paths: readonly Path[]): string | null =>
    paths.map((path) => piece(text(), valueAt(source.value, path))).find((name) => name !== undefined) ?? null;
  return {
    name: rolloutName(source),
    replicas: typeof replicas === 'number' ? replicas : 1,
    canaryService: serviceAt([...CANARY, 'canaryService'], [...BLUE_GREEN, 'previewService']),
    stableService: serviceAt([...CANARY, 'stableService'], [...BLUE_GREEN, 'activeService']),
    canary: whole ? { steps: steps.steps, background, readyDeadlineMs, ...rollbackWindowOf(source) } : undefined,
    stepPlaces: steps?.places ?? [],
    windowMs: settings.platform === 'local' ? null : windowOf(source),
    blueGreen: blueGreen ?? null,
  };
}

/** Zero revisions are no window. */
function rollbackWindowOf(source: Source): Pick<CanaryPlan, 'rollbackWindow'> {
  const revisions = valueAt(source.value, ['spec', 'rollbackWindow', 'revisions']);
  return typeof revisions === 'number' && revisions > 0 ? { rollbackWindow: { revisions } } : {};
}

function windowOf(source: Source): number | null {
  const seconds = valueAt(source.value, [...CANARY, 'scaleDownDelaySeconds']);
  return typeof seconds === 'number' ? seconds * 1_000 : null;
}

export function rolloutName(source: Source): string | null {
  const name = valueAt(source.value, ['metadata', 'name']) ?? valueAt(source.value, ['metadata', 'generateName']);
  return typeof name === 'string' && name !== '' ? name : null;
}

/** Argo's rules over several fields (argo-rollouts `validation.go`). */
function checkSpec(source: Source, platform: RolloutPlatform, report: Report): void {
  if (rolloutName(source) === null) {
    report.error(source, ['metadata', 'name'], 'SHIPLOCK_PLAN_FIELD_MISSING', 'is missing; expected the name', 'key');
  }
  const ready = Number(valueAt(source.value, ['spec', 'minReadySeconds']) ?? 0);
  const deadline = valueAt(source.value, ['spec', 'progressDeadlineSeconds']);
  if (typeof deadline === 'number' && deadline <= ready) {
    const message = `is ${deadline}; expected more than minReadySeconds (${ready})`;
    report.error(source, ['spec', 'progressDeadlineSeconds'], 'SHIPLOCK_PLAN_RANGE', message);
  }
  const canary = valueAt(source.value, CANARY);
  if (isZero(valueAt(canary, ['maxSurge'])) && isZero(valueAt(canary, ['maxUnavailable']))) {
    const message = 'and maxUnavailable are both zero; expected at least one of them above zero';
    report.error(source, [...CANARY, 'maxSurge'], 'SHIPLOCK_PLAN_RANGE', message);
  }
  checkServices(source, canary, report);
  if (platform === 'kubernetes') checkCluster(source, canary, report);
}

/** What only matters where the pods are a cluster's. */
function checkCluster(source: Source, canary: unknown, report: Report): void {
  const has = (field: string) => valueAt(canary, [field]) != null;
  const routed = has('trafficRouting');
  if (valueAt(source.value, ['spec', 'workloadRef']) != null && valueAt(source.value, ['spec', 'template']) != null) {
    const message = 'stands beside a workloadRef, which has a template; keep one of them';
    report.error(source, ['spec', 'template'], 'SHIPLOCK_PLAN_CHOICE', message, 'key');
  }
  if (routed && valueAt(canary, ['dynamicStableScale']) === true && has('scaleDownDelaySeconds')) {
    const message = 'cannot stand beside dynamicStableScale, which has scaled the old side down by then; remove one';
    report.error(source, [...CANARY, 'scaleDownDelaySeconds'], 'SHIPLOCK_PLAN_CHOICE', message, 'key');
  }
  const ignored = (path: Path, because: string) => {
    if (valueAt(source.value, path) == null) return;
    report.warning(source, path, 'SHIPLOCK_PLAN_FIELD_IGNORED', `is ignored: ${because}`, 'key');
  };
  const kept = 'one old revision is kept, for the window, and its history stands in Temporal';
  ignored(['spec', 'revisionHistoryLimit'], kept);
  ignored([...CANARY, 'scaleDownDelayRevisionLimit'], kept);
  ignored([...BLUE_GREEN, 'scaleDownDelayRevisionLimit'], kept);
  ignored([...BLUE_GREEN, 'maxUnavailable'], 'it is for restarts, which a release does not make');
  if (valueAt(source.value, ['spec', 'progressDeadlineAbort']) === false) {
    ignored(['spec', 'progressDeadlineAbort'], 'a release that misses its deadline goes back');
  }
}

function checkServices(source: Source, canary: unknown, report: Report): void {
  const routed = valueAt(canary, ['trafficRouting']) != null;
  const canaryService = valueAt(canary, ['canaryService']);
  const stableService = valueAt(canary, ['stableService']);
  if (routed && !routesWithoutServices(canary)) {
    for (const [field, value] of [
      ['canaryService', canaryService],
      ['stableService', stableService],
    ] as const) {
      if (typeof value === 'string' && value !== '') continue;
      const message = 'is missing; trafficRouting needs canaryService and stableService';
      report.error(source, [...CANARY, field], 'SHIPLOCK_PLAN_FIELD_MISSING', message, 'key');
    }
  }
  if (typeof canaryService === 'string' && canaryService !== '' && canaryService === stableService) {
    const message = `is ${canaryService}, as the stableService; they must differ`;
    report.error(source, [...CANARY, 'canaryService'], 'SHIPLOCK_PLAN_DUPLICATE', message);
  }
  if (!routed && valueAt(canary, ['scaleDownDelaySeconds']) != null) {
    const message = 'needs trafficRouting';
    report.error(source, [...CANARY, 'scaleDownDelaySeconds'], 'SHIPLOCK_PLAN_VALUE', message, 'key');
  }
}

/** Istio's subsets and ping-pong name what they route to themselves. */
const routesWithoutServices = (canary: unknown): boolean =>
  valueAt(canary, ['pingPong']) != null || valueAt(canary, ['trafficRouting', 'istio', 'destinationRule']) != null;

const isZero = (value: unknown): boolean => value === 0 || value === '0' || value === '0%';
