import type { AnalysisPlan, MetricPlan } from '../plan.ts';
import type { Path, Report } from '../problem.ts';
import { piece, valueAt } from '../shape/check.ts';
import type { Source } from '../yaml/read.ts';
import { templateArgumentSchema, templateReferenceSchema } from './analysis-schema.ts';
import { compileMetric, shortestMs } from './metric.ts';
import { fillArguments } from './placeholders.ts';
import { missingTemplate, referenceKey, type Template, type TemplateSet } from './templates.ts';

/** What a release file adds to Argo's analysis. */
export interface AnalysisSettings {
  readonly minimumReadings: number;
  readonly inconclusiveDeadlineMs: number;
  /** `null`: twice what the readings take, and ten minutes more. */
  readonly deadlineMs: number | null;
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
      const metric = compileMetric(template.source, at, fillArguments(raw, values), report);
      const twin = placed.find((other) => other.metric.name === metric?.name && other.source !== template.source);
      if (twin !== undefined) {
        const message = `a metric named ${metric?.name} comes from ${twin.source.file} too; names must differ`;
        report.error(template.source, [...at, 'name'], 'SHIPLOCK_PLAN_DUPLICATE', message);
      }
      if (metric !== undefined) placed.push({ metric, source: template.source, path: at });
    }
  }
  if (chosen.length === 0 || report.errors().length > before) return undefined;
  const metrics = placed.map(({ metric }) => metric);
  const plan: AnalysisPlan = {
    templates: chosen.map(({ template }) => template.name),
    metrics,
    minimumReadings: settings.minimumReadings,
    inconclusiveDeadlineMs: settings.inconclusiveDeadlineMs,
    deadlineMs: settings.deadlineMs ?? defaultDeadlineMs(metrics),
  };
  return { plan, placed };
}

interface Chosen {
  readonly template: Template;
  readonly path: Path;
}

function chooseTemplates(source: Source, path: Path, templates: TemplateSet, report: Report): Chosen[] {
  const list = valueAt(source.value, [...path, 'templates']);
  const chosen = new Map<string, Chosen>();
  for (const [index, raw] of (Array.isArray(list) ? list : []).entries()) {
    if (piece(templateReferenceSchema, raw) === undefined) continue;
    const key = referenceKey(raw);
    const at = [...path, 'templates', index, 'templateName'];
    const template = templates.get(key);
    if (template !== undefined) chosen.set(key, chosen.get(key) ?? { template, path: at });
    else report.error(source, at, 'SHIPLOCK_PLAN_TEMPLATE_MISSING', missingTemplate(key, templates));
  }
  return [...chosen.values()];
}

/** The value of each argument: given by the Rollout, else the templates' default. */
function giveArguments(source: Source, path: Path, chosen: readonly Chosen[], report: Report): Map<string, string> {
  const values = new Map<string, string>();
  const given = valueAt(source.value, [...path, 'args']);
  const named = valueAt(source.value, [...path, 'templates']);
  const complete = Array.isArray(named) && named.length <= chosen.length;
  const declared = new Set(chosen.flatMap(({ template }) => [...template.args.keys()]));
  for (const [index, raw] of (Array.isArray(given) ? given : []).entries()) {
    const arg = piece(templateArgumentSchema, raw);
    if (arg === undefined) continue;
    const at = [...path, 'args', index];
    if (complete && !declared.has(arg.name)) {
      const message = `no template declares the argument ${arg.name}; it is not used`;
      report.warning(source, [...at, 'name'], 'SHIPLOCK_PLAN_ARGUMENT_UNUSED', message);
    }
    if (values.has(arg.name)) {
      report.error(source, [...at, 'name'], 'SHIPLOCK_PLAN_DUPLICATE', `the argument ${arg.name} is given twice`);
    }
    if (arg.value != null) values.set(arg.name, arg.value);
  }
  const fromRollout = new Set(values.keys());
  for (const { template, path: at } of chosen) {
    for (const [name, fallback] of template.args) {
      if (fromRollout.has(name)) continue;
      const earlier = values.get(name);
      if (fallback !== null && earlier !== undefined && earlier !== fallback) {
        const message = `the templates give the argument ${name} different defaults: ${earlier} and ${fallback}`;
        report.error(source, at, 'SHIPLOCK_PLAN_ARGUMENT_CONFLICT', message);
      }
      if (fallback !== null) values.set(name, fallback);
    }
  }
  for (const { template, path: at } of chosen) {
    for (const name of template.args.keys()) {
      if (values.has(name)) continue;
      const message = `the template ${template.name} needs a value for its argument ${name}; give it under args`;
      report.error(source, at, 'SHIPLOCK_PLAN_ARGUMENT_MISSING', message);
    }
  }
  return values;
}

function defaultDeadlineMs(metrics: readonly MetricPlan[]): number {
  const needed = metrics.map(shortestMs);
  const ended = needed.filter((ms) => ms !== null);
  return ended.length < needed.length ? ENDLESS_DEADLINE_MS : 2 * Math.max(0, ...ended) + DEADLINE_SLACK_MS;
}
