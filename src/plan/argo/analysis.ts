import type { AnalysisPlan, Compatibility, MetricPlan } from '../plan.ts';
import type { Path, Report } from '../problem.ts';
import { piece, valueAt } from '../shape/check.ts';
import type { Source } from '../yaml/read.ts';
import { templateReferenceSchema } from './analysis-schema.ts';
import { type Chosen, giveArguments } from './arguments.ts';
import { compileMetric, shortestMs } from './metric.ts';
import { fillArguments } from './placeholders.ts';
import type { RolloutPlatform } from './platform.ts';
import { applySelections } from './selections.ts';
import { missingTemplate, referenceKey, type TemplateSet } from './templates.ts';

/** What a release file adds to Argo's analysis. */
export interface AnalysisSettings {
  readonly minimumReadings: number;
  readonly inconclusiveDeadlineMs: number;
  /** `null`: twice what the readings take, and ten minutes more. */
  readonly deadlineMs: number | null;
  readonly compatibility?: Compatibility | undefined;
  readonly platform: RolloutPlatform;
}

/** A metric together with where it stands, for warnings. */
export interface PlacedMetric {
  readonly metric: MetricPlan;
  readonly source: Source;
  readonly path: Path;
}

export interface CompiledAnalysis {
  readonly plan: AnalysisPlan;
  readonly placed: readonly PlacedMetric[];
}

/** For readings whose provider answers late or with errors. */
const DEADLINE_SLACK_MS = 10 * 60_000;
/** An inline analysis without an end of its own. */
const ENDLESS_DEADLINE_MS = 60 * 60_000;

/** Merges the templates that an analysis names, arguments filled in, as Argo does (`utils/analysis/helpers.go`). */
export function compileAnalysis(
  source: Source,
  path: Path,
  templates: TemplateSet,
  settings: AnalysisSettings,
  report: Report,
): CompiledAnalysis | undefined {
  const before = report.errors().length;
  const chosen = chooseTemplates(source, path, templates, report);
  const values = giveArguments(source, path, chosen, report);
  const placed: PlacedMetric[] = [];
  for (const { template } of chosen) {
    for (const [index, raw] of template.metrics.entries()) {
      const at: Path = ['spec', 'metrics', index];
      const metric = compileMetric(template.source, at, fillArguments(raw, values), report, settings.platform);
      const twin = placed.find((other) => other.metric.name === metric?.name && other.source !== template.source);
      if (twin !== undefined) {
        const message = `a metric named ${metric?.name} comes from ${twin.source.file} too; names must differ`;
        report.error(template.source, [...at, 'name'], 'SHIPLOCK_PLAN_DUPLICATE', message);
      }
      if (metric !== undefined) placed.push({ metric, source: template.source, path: at });
    }
  }
  if (chosen.length === 0 || report.errors().length > before) return undefined;
  const places = [...chosen.map(({ template }) => ({ source: template.source, path: ['spec'] })), { source, path }];
  const metrics = applySelections(
    placed.map(({ metric }) => metric),
    places,
    report,
  );
  if (report.errors().length > before) return undefined;
  const plan: AnalysisPlan = {
    templates: chosen.map(({ template }) => template.name),
    metrics,
    minimumReadings: settings.minimumReadings,
    inconclusiveDeadlineMs: settings.inconclusiveDeadlineMs,
    deadlineMs: settings.deadlineMs ?? defaultDeadlineMs(metrics),
    ...(settings.compatibility ? { compatibility: settings.compatibility } : {}),
  };
  return { plan, placed };
}

/** The templates that are named, and those that they name in turn, each once. */
function chooseTemplates(source: Source, path: Path, templates: TemplateSet, report: Report): Chosen[] {
  const chosen = new Map<string, Chosen>();
  const choose = (at: Source, list: Path, named: Path | null): void => {
    const references = valueAt(at.value, list);
    for (const [index, raw] of (Array.isArray(references) ? references : []).entries()) {
      if (piece(templateReferenceSchema, raw) === undefined) continue;
      const key = referenceKey(raw);
      if (chosen.has(key)) continue;
      const template = templates.get(key);
      const here = [...list, index, 'templateName'];
      if (template === undefined) {
        report.error(at, here, 'SHIPLOCK_PLAN_TEMPLATE_MISSING', missingTemplate(key, templates));
        continue;
      }
      chosen.set(key, { template, path: named ?? here });
      choose(template.source, ['spec', 'templates'], named ?? here);
    }
  };
  choose(source, [...path, 'templates'], null);
  return [...chosen.values()];
}

function defaultDeadlineMs(metrics: readonly MetricPlan[]): number {
  const needed = metrics.map(shortestMs);
  const ended = needed.filter((ms) => ms !== null);
  return ended.length < needed.length ? ENDLESS_DEADLINE_MS : 2 * Math.max(0, ...ended) + DEADLINE_SLACK_MS;
}
