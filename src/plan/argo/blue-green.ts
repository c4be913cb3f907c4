/** Argo's `strategy.blueGreen` (argo-rollouts `types.go`, `validation.go`): its basic fields. */
import type { AnalysisPlan } from '../plan.ts';
import type { Path, Report } from '../problem.ts';
import { piece, valueAt } from '../shape/check.ts';
import type { Source } from '../yaml/read.ts';
import { compileAnalysis } from './analysis.ts';
import type { RolloutPlatform } from './platform.ts';
import { blueGreenSchema } from './rollout-schema.ts';
import { type RampSettings, warnEndless } from './steps.ts';
import type { TemplateSet } from './templates.ts';

export interface BlueGreen {
  readonly before: AnalysisPlan | null;
  readonly after: AnalysisPlan | null;
  /** Argo's `autoPromotionEnabled`. */
  readonly automatic: boolean;
  /** Argo's `autoPromotionSeconds`; `null`: at once. */
  readonly pauseMs: number | null;
  /** Argo's `scaleDownDelaySeconds`; `null`: it does not say. */
  readonly windowMs: number | null;
}

export const BLUE_GREEN: Path = ['spec', 'strategy', 'blueGreen'];

/** `null`: the Rollout has another strategy. `undefined`: it is wrong; why is reported. */
export function compileBlueGreen(
  source: Source,
  templates: TemplateSet,
  settings: RampSettings,
  report: Report,
): BlueGreen | null | undefined {
  const raw = valueAt(source.value, BLUE_GREEN);
  if (raw === undefined || raw === null) return null;
  checkBlueGreen(source, settings.platform, report);
  const before = analysisAt(source, [...BLUE_GREEN, 'prePromotionAnalysis'], templates, settings, report);
  const after = analysisAt(source, [...BLUE_GREEN, 'postPromotionAnalysis'], templates, settings, report);
  const blueGreen = piece(blueGreenSchema[settings.platform], raw);
  if (blueGreen === undefined || before === undefined || after === undefined) return undefined;
  const automatic = blueGreen.autoPromotionEnabled ?? true;
  const seconds = blueGreen.autoPromotionSeconds ?? 0;
  const delay = blueGreen.scaleDownDelaySeconds ?? null;
  return {
    before,
    after,
    automatic,
    pauseMs: seconds === 0 ? null : seconds * 1_000,
    windowMs: delay === null ? null : delay * 1_000,
  };
}

/** An analysis that a phase waits for; `null` where there is none, `undefined` where it is wrong. */
export function analysisAt(
  source: Source,
  path: Path,
  templates: TemplateSet,
  settings: RampSettings,
  report: Report,
): AnalysisPlan | null | undefined {
  const raw = valueAt(source.value, path);
  if (raw === undefined || raw === null) return null;
  const compiled = compileAnalysis(source, path, templates, settings.analysis, report);
  if (compiled === undefined) return undefined;
  warnEndless(compiled, report);
  return compiled.plan;
}

function checkBlueGreen(source: Source, platform: RolloutPlatform, report: Report): void {
  const at = (field: string): Path => [...BLUE_GREEN, field];
  const read = (field: string) => valueAt(source.value, at(field));
  const active = read('activeService');
  if (active === undefined || active === null || active === '') {
    const message = 'is missing; expected the service that users reach';
    report.error(source, at('activeService'), 'SHIPLOCK_PLAN_FIELD_MISSING', message, 'key');
  } else if (active === read('previewService')) {
    const message = `is ${active}, as the activeService; they must differ`;
    report.error(source, at('previewService'), 'SHIPLOCK_PLAN_DUPLICATE', message);
  }
  const preview = read('previewReplicaCount');
  const replicas = valueAt(source.value, ['spec', 'replicas']) ?? 1;
  if (typeof preview === 'number' && preview !== replicas) {
    const message = `is ${preview}: a preview of another size than the ${replicas} replicas is not supported by this version of Shiplock; remove it`;
    report.error(source, at('previewReplicaCount'), 'SHIPLOCK_PLAN_UNSUPPORTED', message);
  }
  if (platform === 'local' && read('abortScaleDownDelaySeconds') != null) {
    const message = 'is ignored: a release that goes back ends the new side at once, when no traffic is on it';
    report.warning(source, at('abortScaleDownDelaySeconds'), 'SHIPLOCK_PLAN_FIELD_IGNORED', message, 'key');
  }
  if (read('autoPromotionEnabled') === false && Number(read('autoPromotionSeconds') ?? 0) > 0) {
    const message = 'is ignored, as by Argo, where autoPromotionEnabled is false: a person decides';
    report.warning(source, at('autoPromotionSeconds'), 'SHIPLOCK_PLAN_FIELD_IGNORED', message, 'key');
  }
}
