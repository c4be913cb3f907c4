/** `{{ … }}` in manifests: Helm's, which a release fills or refuses, and Argo's `{{args.x}}`. */
import type { Path, Report } from '../problem.ts';
import type { Source } from '../yaml/read.ts';
import { entries } from './pod.ts';

/** Helm's actions: values, built-ins, variables and the control words. */
const HELM = /\{\{-?\s*(\.|\$|(include|template|tpl|toYaml|if|else|end|range|with|define|block|required|default)\b)/;
const VALUE = /\{\{-?\s*\.Values\.([\w.-]+?)\s*-?\}\}/g;

export interface HelmTag {
  /** Dotted path in the Helm values that carries the version, for example `image.tag`. */
  readonly field: string;
  readonly version: string;
}

/**
 * The source with `{{ .Values.<field> }}` filled in everywhere. Any other Helm action is an error at its place,
 * since it would be applied as it stands.
 */
export function fillHelm(source: Source, tag: HelmTag, report: Report): Source {
  for (const [path, value] of entries(source.value, [])) {
    if (typeof value !== 'string') continue;
    const left = fillText(value, tag);
    if (!HELM.test(left)) continue;
    const found = left.slice(left.search(HELM)).split('}}')[0] ?? '';
    const message = `${found}}} would be applied as it stands; only {{ .Values.${tag.field} }} is filled`;
    report.error(source, path, 'SHIPLOCK_PLAN_PLACEHOLDER', message);
  }
  return { ...source, value: mapText(source.value, (value) => fillText(value, tag)) };
}

/** Whether a value of the manifest waits for the release's version. */
export function hasHelmTag(value: string, field: string): boolean {
  return [...value.matchAll(VALUE)].some(([, found]) => found === field);
}

function fillText(text: string, tag: HelmTag): string {
  return text.replace(VALUE, (whole, field: string) => (field === tag.field ? tag.version : whole));
}

/** Plain data with every text replaced; keys stay. */
export function mapText(value: unknown, replace: (text: string) => string): unknown {
  if (typeof value === 'string') return replace(value);
  if (Array.isArray(value)) return value.map((item) => mapText(item, replace));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapText(item, replace)]));
}

const ARGUMENT = /\{\{([^{}]*)\}\}/g;

/** Fills `{{args.x}}` of the arguments that have a value. */
export function fillArguments(value: unknown, values: ReadonlyMap<string, string>): unknown {
  return mapText(value, (text) =>
    text.replace(ARGUMENT, (whole, inner: string) => {
      const name = inner.trim();
      return (name.startsWith('args.') ? values.get(name.slice(5)) : undefined) ?? whole;
    }),
  );
}

/** Reports `{{…}}` of a metric that nothing will ever fill. */
export function checkArguments(
  source: Source,
  path: Path,
  value: unknown,
  declared: ReadonlySet<string>,
  report: Report,
): void {
  for (const [at, text] of entries(value, path)) {
    if (typeof text !== 'string' || HELM.test(text)) continue;
    for (const [whole, inner = ''] of text.matchAll(ARGUMENT)) {
      const name = inner.trim();
      if (!name.startsWith('args.')) {
        report.error(source, at, 'SHIPLOCK_PLAN_PLACEHOLDER', `${whole} is filled by nothing; expected {{args.NAME}}`);
      } else if (!declared.has(name.slice(5))) {
        const known = [...declared].join(', ') || 'none';
        const message = `${whole} names no argument of this template; it declares ${known}`;
        report.error(source, at, 'SHIPLOCK_PLAN_ARGUMENT_UNKNOWN', message);
      }
    }
  }
}
