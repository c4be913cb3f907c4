/** Flagger's metrics as metrics of an AnalysisTemplate. */
import type { Path } from '../../plan/problem.ts';
import { nearest } from '../../plan/suggest.ts';
import type { Ledger } from '../ledger.ts';
import type { Metric, ProviderName } from './canary-schema.ts';
import { providerOf } from './metric-provider.ts';
import { BUILT_IN, type BuiltIn, builtInQuery, inSeconds, observerOf } from './queries.ts';
import { errorLimit, type Rhythm } from './rhythm.ts';
import type { MetricTemplate } from './template-schema.ts';
import { fillVariables, type Model } from './variables.ts';

export interface MetricContext {
  readonly ledger: Ledger;
  readonly provider: ProviderName;
  readonly prometheus: string;
  readonly rhythm: Rhythm;
  readonly model: Omit<Model, 'interval' | 'variables'>;
  /** By `NAMESPACE/NAME`. */
  readonly templates: ReadonlyMap<string, MetricTemplate>;
}

/** Of an AnalysisTemplate, as it is written. */
export interface WrittenMetric {
  readonly name: string;
  readonly [field: string]: unknown;
}

/** Secrets that a template takes as arguments: the argument, and where it comes from. */
export type SecretArguments = Map<string, { readonly name: string; readonly key: string }>;

const INTERVAL = '1m';

export function metricsOf(
  written: readonly Metric[],
  at: Path,
  context: MetricContext,
  secrets: SecretArguments,
): WrittenMetric[] {
  return written.flatMap((metric, index) => {
    const made = metricOf(metric, [...at, index], context, secrets);
    return made === null ? [] : [made];
  });
}

function metricOf(metric: Metric, at: Path, context: MetricContext, secrets: SecretArguments): WrittenMetric | null {
  const { ledger, rhythm } = context;
  const builtIn = BUILT_IN.find((name) => name === metric.name);
  const condition = conditionOf(metric, builtIn, context, at);
  const provider = builtIn ? builtInProvider(builtIn, metric, context, at) : ownProvider(metric, context, at, secrets);
  if (provider === null) return null;
  ledger.kept(at, `metric ${metric.name}, read every ${rhythm.interval}`);
  return {
    name: metric.name,
    // Flagger checks first when the first weight has stood for an interval.
    initialDelay: rhythm.interval,
    interval: rhythm.interval,
    ...(condition === null ? {} : { successCondition: condition }),
    failureLimit: rhythm.threshold - 1,
    consecutiveErrorLimit: errorLimit(rhythm),
    provider,
  };
}

function builtInProvider(name: BuiltIn, metric: Metric, context: MetricContext, at: Path) {
  const { ledger, provider, prometheus } = context;
  const observer = observerOf(provider);
  if (name === 'request-duration' && observer === 'nginx') {
    const text =
      'for nginx Flagger asks for the mean, not for the 99th percentile that its documentation names; so does this query';
    ledger.differs(at, text);
  }
  const query = queryOf(builtInQuery(observer, name), metric, context, at);
  return query === null ? null : { prometheus: { address: prometheus, query } };
}

function ownProvider(metric: Metric, context: MetricContext, at: Path, secrets: SecretArguments): object | null {
  const { ledger, templates, model, prometheus } = context;
  const { templateRef } = metric;
  if (templateRef == null) {
    if (metric.query) {
      const query = queryOf(metric.query, metric, context, [...at, 'query']);
      return query === null ? null : { prometheus: { address: prometheus, query } };
    }
    const near = nearest(metric.name, BUILT_IN);
    const hint =
      near === null ? `expected templateRef, query, or one of ${BUILT_IN.join(', ')}` : `did you mean ${near}?`;
    ledger.report.error(ledger.source, [...at, 'name'], 'SHIPLOCK_PLAN_CHOICE', `has no query of its own; ${hint}`);
    return null;
  }
  if (metric.query) {
    const message = 'stands beside a templateRef; Flagger checks both against one threshold. Keep one of them';
    ledger.report.error(ledger.source, [...at, 'query'], 'SHIPLOCK_PLAN_CHOICE', message, 'key');
  }
  const key = `${templateRef.namespace ?? model.namespace}/${templateRef.name}`;
  const template = templates.get(key);
  if (template === undefined) {
    const known = [...templates.keys()];
    const message = `there is no MetricTemplate ${key} in the files; ${known.length === 0 ? 'there is none at all' : `there are ${known.join(', ')}`}. Name its file, too`;
    ledger.report.error(ledger.source, [...at, 'templateRef', 'name'], 'SHIPLOCK_PLAN_TEMPLATE_MISSING', message);
    return null;
  }
  const query = queryOf(template.spec.query, metric, context, [...at, 'templateRef']);
  return query === null ? null : providerOf(template, { query, metric, at, ledger, secrets });
}

/** The query with its variables, as few spaces as Flagger sends. */
function queryOf(template: string, metric: Metric, { model, ledger }: MetricContext, at: Path): string | null {
  const interval = metric.interval || INTERVAL;
  const variables = metric.templateVariables ?? {};
  const { text, unknown } = fillVariables(template, { ...model, interval, variables });
  for (const action of unknown) {
    ledger.refuse(
      at,
      `the query has ${action}, which is more than a variable of Flagger's that has a value; write it out`,
    );
  }
  if (/\{\{-?\s*target\s*-?\}\}/.test(template)) {
    const text = `{{ target }} names the canary's workload. Flagger always deploys it under the target's name; here each revision has a name of its own, which the query is given with every release`;
    ledger.differs(at, text);
  }
  return unknown.length > 0 ? null : text.replace(/[^\S\n]+/g, ' ').trim();
}

/** Flagger's range, or its older threshold: of a success rate the least, of everything else the most. */
function conditionOf(metric: Metric, builtIn: BuiltIn | undefined, context: MetricContext, at: Path): string | null {
  const { ledger, provider } = context;
  const own = builtIn === undefined;
  const value = own
    ? '#'
    : builtIn === 'request-duration' && inSeconds(observerOf(provider))
      ? 'result[0] * 1000'
      : 'result[0]';
  const range = metric.thresholdRange ?? olderRange(metric, builtIn);
  const { min, max } = range;
  const parts = [...(min == null ? [] : [`${value} >= ${min}`]), ...(max == null ? [] : [`${value} <= ${max}`])];
  if (own) {
    const text = 'where a query gives several series, all of them must hold; Flagger looks at the last one alone';
    ledger.differs(at, text);
  }
  if (builtIn === 'request-duration' && max != null) {
    ledger.differs(at, 'compared as it is; Flagger cuts it to whole milliseconds first, so 500.9 passes 500 there');
  }
  if (parts.length === 0) return null;
  return own ? `all(result, ${parts.join(' and ')})` : parts.join(' and ');
}

function olderRange({ threshold }: Metric, builtIn: BuiltIn | undefined): { min?: number; max?: number } {
  return builtIn === 'request-success-rate' ? { min: threshold ?? 0 } : { max: threshold ?? 0 };
}
