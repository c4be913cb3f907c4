/** The values of a template's arguments: given by the Rollout, else the templates' defaults (`utils/analysis/helpers.go`). */
import type { Path, Report } from '../problem.ts';
import { piece, valueAt } from '../shape/check.ts';
import { show } from '../shape/show.ts';
import type { Source } from '../yaml/read.ts';
import { givenArgumentSchema } from './analysis-schema.ts';
import type { Template } from './templates.ts';

/** A template that an analysis names, and where it does. */
export interface Chosen {
  readonly template: Template;
  readonly path: Path;
}

/** What stands for a pod template's hash until the release knows both revisions. */
export const REVISIONS = { Stable: '{{revision.stable}}', Latest: '{{revision.latest}}' } as const;

export function giveArguments(
  source: Source,
  path: Path,
  chosen: readonly Chosen[],
  report: Report,
): Map<string, string> {
  const values = givenBy(source, path, chosen, report);
  const fromRollout = new Set(values.keys());
  for (const { template, path: at } of chosen) {
    for (const [name, { value, fieldPath }] of template.args) {
      if (fromRollout.has(name)) continue;
      const fallback = value ?? (fieldPath === undefined ? null : fieldOf(source, fieldPath));
      if (fallback === null) continue;
      const earlier = values.get(name);
      if (earlier !== undefined && earlier !== fallback) {
        const message = `the templates give the argument ${name} different defaults: ${earlier} and ${fallback}`;
        report.error(source, at, 'SHIPLOCK_PLAN_ARGUMENT_CONFLICT', message);
      }
      values.set(name, fallback);
    }
  }
  for (const { template, path: at } of chosen) {
    for (const [name, { fieldPath }] of template.args) {
      if (values.has(name)) continue;
      const message =
        fieldPath === undefined
          ? `the template ${template.name} needs a value for its argument ${name}; give it under args`
          : `the template ${template.name} takes its argument ${name} from ${show(fieldPath)}, which is nothing here`;
      report.error(source, at, 'SHIPLOCK_PLAN_ARGUMENT_MISSING', message);
    }
  }
  return values;
}

function givenBy(source: Source, path: Path, chosen: readonly Chosen[], report: Report): Map<string, string> {
  const values = new Map<string, string>();
  const given = valueAt(source.value, [...path, 'args']);
  const named = valueAt(source.value, [...path, 'templates']);
  const complete = Array.isArray(named) && named.length <= chosen.length;
  const declared = new Set(chosen.flatMap(({ template }) => [...template.args.keys()]));
  for (const [index, raw] of (Array.isArray(given) ? given : []).entries()) {
    const arg = piece(givenArgumentSchema, raw);
    if (arg === undefined) continue;
    const at = [...path, 'args', index];
    if (complete && !declared.has(arg.name)) {
      const message = `no template declares the argument ${arg.name}; it is not used`;
      report.warning(source, [...at, 'name'], 'SHIPLOCK_PLAN_ARGUMENT_UNUSED', message);
    }
    if (values.has(arg.name)) {
      report.error(source, [...at, 'name'], 'SHIPLOCK_PLAN_DUPLICATE', `the argument ${arg.name} is given twice`);
    }
    const fieldPath = arg.valueFrom?.fieldRef?.fieldPath;
    const hash = arg.valueFrom?.podTemplateHashValue;
    const value =
      arg.value ?? (hash == null ? null : REVISIONS[hash]) ?? (fieldPath ? fieldOf(source, fieldPath) : null);
    if (value !== null) values.set(arg.name, value);
    else if (fieldPath) {
      const message = `${show(fieldPath)} is nothing here, or no text, number, true or false`;
      report.error(source, [...at, 'valueFrom', 'fieldRef', 'fieldPath'], 'SHIPLOCK_PLAN_ARGUMENT_FIELD', message);
    }
  }
  return values;
}

/**
 * What a field path of the manifest holds, as text; `null`: nothing that could be an argument.
 *
 * @example fieldOf(rollout, "metadata.labels['app.kubernetes.io/name']") // 'credlink-api'
 */
function fieldOf(source: Source, fieldPath: string): string | null {
  const parts = [...fieldPath.matchAll(/\[\s*(?:'([^']*)'|"([^"]*)"|(\d+))\s*\]|([^.[\]]+)/g)];
  const path = parts.map(([, single, double, index, name]) =>
    index ? Number(index) : (single ?? double ?? name ?? ''),
  );
  const value = path.length === 0 ? null : valueAt(source.value, path);
  if (['string', 'number', 'boolean'].includes(typeof value)) return String(value);
  // As in Argo, a label or an annotation that is not there is empty.
  return value === undefined && /^metadata\.(labels|annotations)\[/.test(fieldPath) ? '' : null;
}
