import type { Path, Report } from '../problem.ts';
import { secretText } from '../provider.ts';
import { checkShape, piece, valueAt } from '../shape/check.ts';
import { nearest } from '../suggest.ts';
import type { Source } from '../yaml/read.ts';
import { templateArgumentSchema, templateSchema } from './analysis-schema.ts';
import { compileMetric } from './metric.ts';
import { checkArguments, fillArguments } from './placeholders.ts';
import type { RolloutPlatform } from './platform.ts';

export interface Template {
  readonly kind: TemplateKind;
  readonly name: string;
  readonly source: Source;
  readonly metrics: readonly unknown[];
  readonly args: ReadonlyMap<string, DeclaredArgument>;
}

/** An argument of a template: its default, if it has one. */
export interface DeclaredArgument {
  /** `null`: a value must be given, or stands in `fieldPath`. A secret is `{{secret.NAME/KEY}}` and stays so. */
  readonly value: string | null;
  /** The field of the Rollout that holds the value. */
  readonly fieldPath?: string;
}

export type TemplateKind = 'AnalysisTemplate' | 'ClusterAnalysisTemplate';

/** The templates of a set of files, by kind and name. */
export type TemplateSet = ReadonlyMap<string, Template>;

export const templateKey = (kind: TemplateKind, name: string) => `${kind}/${name}`;

/** Checks each template by itself and collects them. */
export function collectTemplates(sources: readonly Source[], platform: RolloutPlatform, report: Report): TemplateSet {
  const set = new Map<string, Template>();
  for (const source of sources) {
    const template = readTemplate(source, platform, report);
    if (template === null) continue;
    const key = templateKey(template.kind, template.name);
    const first = set.get(key);
    if (first === undefined) set.set(key, template);
    else {
      const { line } = first.source.place(['metadata', 'name']);
      const message = `${key} is defined a second time; the first stands at ${first.source.file}:${line}`;
      report.error(source, ['metadata', 'name'], 'SHIPLOCK_PLAN_DUPLICATE', message);
    }
  }
  for (const template of set.values()) checkCycle(template, set, report);
  return set;
}

function readTemplate(source: Source, platform: RolloutPlatform, report: Report): Template | null {
  checkShape(templateSchema[platform], source, source.value, [], report);
  const kind = valueAt(source.value, ['kind']) as TemplateKind;
  const name = valueAt(source.value, ['metadata', 'name']) ?? valueAt(source.value, ['metadata', 'generateName']);
  if (typeof name !== 'string' || name === '') {
    report.error(source, ['metadata', 'name'], 'SHIPLOCK_PLAN_FIELD_MISSING', 'is missing; expected the name', 'key');
    return null;
  }
  const raw = valueAt(source.value, ['spec', 'metrics']);
  const metrics = Array.isArray(raw) ? raw : [];
  if (metrics.length === 0 && valueAt(source.value, ['spec', 'templates']) == null) {
    const message = 'is missing; expected at least one metric';
    report.error(source, ['spec', 'metrics'], 'SHIPLOCK_PLAN_FIELD_MISSING', message, 'key');
  }
  const template = { kind, name, source, metrics, args: readArguments(source, report) };
  checkMetrics(template, platform, report);
  return template;
}

function readArguments(source: Source, report: Report): Map<string, DeclaredArgument> {
  const args = new Map<string, DeclaredArgument>();
  const list = valueAt(source.value, ['spec', 'args']);
  for (const [index, raw] of (Array.isArray(list) ? list : []).entries()) {
    const arg = piece(templateArgumentSchema, raw);
    const name = arg?.name ?? valueAt(raw, ['name']);
    if (typeof name !== 'string') continue;
    if (args.has(name)) {
      const message = `the argument ${name} is declared a second time`;
      report.error(source, ['spec', 'args', index, 'name'], 'SHIPLOCK_PLAN_DUPLICATE', message);
    }
    const secret = arg?.valueFrom?.secretKeyRef;
    const fieldPath = arg?.valueFrom?.fieldRef?.fieldPath;
    args.set(name, {
      value: arg?.value ?? (secret ? secretText(secret.name, secret.key) : null),
      ...(fieldPath === undefined ? {} : { fieldPath }),
    });
  }
  return args;
}

/** What can be said without knowing the arguments that a Rollout gives. */
function checkMetrics(template: Template, platform: RolloutPlatform, report: Report): void {
  const declared = new Set(template.args.keys());
  const defaults = new Map([...template.args].flatMap(([name, { value }]) => (value === null ? [] : [[name, value]])));
  const names = new Set<unknown>();
  for (const [index, metric] of template.metrics.entries()) {
    const path: Path = ['spec', 'metrics', index];
    checkArguments(template.source, path, metric, declared, report);
    compileMetric(template.source, path, fillArguments(metric, defaults), report, platform);
    const name = valueAt(metric, ['name']);
    if (names.has(name) && typeof name === 'string') {
      const message = `a second metric is named ${name}; names must differ`;
      report.error(template.source, [...path, 'name'], 'SHIPLOCK_PLAN_DUPLICATE', message);
    }
    names.add(name);
  }
}

/** A circle of nested templates (Argo's controller never returns from one). */
function checkCycle(template: Template, set: TemplateSet, report: Report): void {
  const seen = new Set<Template>();
  const walk = (current: Template, trail: readonly Template[]): boolean =>
    nested(current).some(({ key, path }) => {
      const next = set.get(key);
      if (next === template) {
        const circle = [...trail, current, template].map(({ name }) => name).join(' → ');
        const at = trail.length === 0 ? path : firstStep(template, trail[1] ?? current);
        report.error(template.source, at, 'SHIPLOCK_PLAN_CYCLE', `is a circle of templates: ${circle}`);
        return true;
      }
      if (next === undefined || seen.has(next)) return false;
      seen.add(next);
      return walk(next, [...trail, current]);
    });
  walk(template, []);
}

const firstStep = (from: Template, to: Template): Path =>
  nested(from).find(({ key }) => key === templateKey(to.kind, to.name))?.path ?? [];

function nested(template: Template): { key: string; path: Path }[] {
  const list = valueAt(template.source.value, ['spec', 'templates']);
  return (Array.isArray(list) ? list : []).map((reference, index) => ({
    key: referenceKey(reference),
    path: ['spec', 'templates', index],
  }));
}

/** `AnalysisTemplate/latency` for a `{ templateName, clusterScope }`. */
export function referenceKey(reference: unknown): string {
  const kind = valueAt(reference, ['clusterScope']) === true ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate';
  return templateKey(kind, String(valueAt(reference, ['templateName'])));
}

/** Why a template was not found, with what was likely meant. */
export function missingTemplate(key: string, set: TemplateSet): string {
  const name = key.slice(key.indexOf('/') + 1);
  const otherKind = key.startsWith('Cluster') ? 'AnalysisTemplate' : 'ClusterAnalysisTemplate';
  if (set.has(templateKey(otherKind, name))) {
    const hint = key.startsWith('Cluster') ? 'remove clusterScope' : 'add clusterScope: true';
    return `there is no ${key}, but a ${otherKind} of that name: ${hint}`;
  }
  const known = [...set.values()].map((template) => template.name);
  const near = nearest(name, known);
  const hint =
    near !== null
      ? `did you mean ${near}?`
      : known.length === 0
        ? 'no file with templates was given'
        : `there are ${known.join(', ')}`;
  return `there is no ${key}; ${hint}`;
}
