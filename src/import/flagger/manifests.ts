/** What stands in the files that an import of a Canary is given. */
import { rolloutName } from '../../plan/argo/rollout.ts';
import type { Report } from '../../plan/problem.ts';
import { checkShape, valueAt } from '../../plan/shape/check.ts';
import { show } from '../../plan/shape/show.ts';
import { type Source, wholeFile } from '../../plan/yaml/read.ts';
import { type Canary, canarySchema } from './canary-schema.ts';
import {
  type AlertProvider,
  alertProviderSchema,
  type MetricTemplate,
  metricTemplateSchema,
} from './template-schema.ts';

export interface FlaggerManifests {
  readonly canary: { readonly source: Source; readonly value: Canary };
  /** By `NAMESPACE/NAME`. */
  readonly metricTemplates: ReadonlyMap<string, MetricTemplate>;
  readonly alertProviders: ReadonlyMap<string, AlertProvider>;
  readonly deployments: readonly Source[];
}

export interface Wanted {
  /** Which Canary; needed where the files hold several. */
  readonly name: string | undefined;
  /** For manifests that name none. */
  readonly namespace: string;
}

/** `null`: what is wrong is reported. */
export function readManifests(sources: readonly Source[], wanted: Wanted, report: Report): FlaggerManifests | null {
  const of = (kind: string, group: RegExp) =>
    sources.filter(
      ({ value }) => valueAt(value, ['kind']) === kind && group.test(String(valueAt(value, ['apiVersion']))),
    );
  const flagger = /^flagger\.app\//;
  for (const source of sources) checkKind(source, report);
  const templates = collect(of('MetricTemplate', flagger), metricTemplateSchema, wanted.namespace, report);
  const alerts = collect(of('AlertProvider', flagger), alertProviderSchema, wanted.namespace, report);
  const source = pick(of('Canary', flagger), wanted, sources[0]?.file ?? 'the files', report);
  if (source === null) return null;
  const value = checkShape(canarySchema, source, source.value, [], report);
  if (value === undefined) return null;
  return {
    canary: { source, value },
    metricTemplates: templates,
    alertProviders: alerts,
    deployments: of('Deployment', /^apps\/v1$/),
  };
}

function pick(canaries: readonly Source[], { name }: Wanted, file: string, report: Report): Source | null {
  const matching = name === undefined ? canaries : canaries.filter((source) => rolloutName(source) === name);
  const [only, second] = matching;
  if (only !== undefined && second === undefined) return only;
  const names = canaries.map((source) => rolloutName(source) ?? '(no name)').join(', ');
  if (second !== undefined) {
    const message =
      name === undefined
        ? `is a second Canary (${names}); name one of them with --name`
        : `is a second Canary named ${name}`;
    report.error(second, ['metadata', 'name'], 'SHIPLOCK_PLAN_DUPLICATE', message);
  } else if (report.errors().length === 0) {
    const which = name === undefined ? 'no Canary of Flagger' : `no Canary named ${name}`;
    const message = `holds ${which}${names === '' ? '; expected apiVersion: flagger.app/v1beta1 and kind: Canary' : `; there are ${names}`}`;
    report.error(canaries[0] ?? wholeFile(file), [], 'SHIPLOCK_PLAN_KIND', message);
  }
  return null;
}

/** A misspelt kind of Flagger's must not go unseen; other objects of a cluster may share a file. */
function checkKind(source: Source, report: Report): void {
  const kind = valueAt(source.value, ['kind']);
  const apiVersion = valueAt(source.value, ['apiVersion']);
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') {
    const field = typeof kind === 'string' ? 'apiVersion' : 'kind';
    const found = field === 'kind' && kind !== undefined ? show(kind) : 'missing';
    report.error(
      source,
      [field],
      'SHIPLOCK_PLAN_KIND',
      `is ${found}; expected a manifest, for example kind: Canary`,
      'key',
    );
  } else if (apiVersion.startsWith('flagger.app/') && !['Canary', 'MetricTemplate', 'AlertProvider'].includes(kind)) {
    report.error(
      source,
      ['kind'],
      'SHIPLOCK_PLAN_KIND',
      `is ${show(kind)}; expected Canary, MetricTemplate or AlertProvider`,
    );
  }
}

function collect<
  T extends { readonly metadata: { readonly name: string; readonly namespace?: string | null | undefined } },
>(
  sources: readonly Source[],
  schema: Parameters<typeof checkShape<T>>[0],
  namespace: string,
  report: Report,
): Map<string, T> {
  const found = new Map<string, T>();
  for (const source of sources) {
    const value = checkShape(schema, source, source.value, [], report);
    if (value === undefined) continue;
    const key = `${value.metadata.namespace ?? namespace}/${value.metadata.name}`;
    if (found.has(key)) {
      report.error(source, ['metadata', 'name'], 'SHIPLOCK_PLAN_DUPLICATE', `${key} is defined a second time`);
    }
    found.set(key, value);
  }
  return found;
}
