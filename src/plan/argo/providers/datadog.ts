/** Argo's `datadog` (argo-rollouts `DatadogMetric`), with the rules of its provider (`metricproviders/datadog`). */
import { z } from 'zod';
import { DATADOG_AGGREGATORS, type DatadogQuery } from '../../plan.ts';
import { secretText } from '../../provider.ts';
import { durationText } from '../../shape/fields.ts';
import type { Placed } from './fields.ts';

/** Datadog's own site; where another one is meant, the policy maps it. */
const ADDRESS = 'https://api.datadoghq.com';
/** Argo's defaults. */
const INTERVAL_MS = 300_000;
const TIMEOUT_MS = 10_000;
const SECRET_NAME = 'datadog';
/** Argo's, where none is given: a scalar query needs one. */
const AGGREGATOR = 'last';

const query = z.string().max(16_384);

export const datadogSchema = z.strictObject({
  interval: durationText(1_000).nullish(),
  query: query.nullish(),
  queries: z.record(z.string().min(1).max(128), query.min(1)).nullish(),
  formula: z.string().max(4_096).nullish(),
  apiVersion: z.enum(['', 'v1', 'v2']).nullish(),
  aggregator: z.enum(['', ...DATADOG_AGGREGATORS]).nullish(),
  secretRef: z
    .strictObject({
      // Names of Kubernetes' objects; anything else could not name a secret of the policy.
      name: z
        .string()
        .regex(/^[a-z0-9.-]{0,253}$/, 'the name of a secret')
        .nullish(),
      namespaced: z.boolean().nullish(),
    })
    .nullish(),
  requestTimeout: durationText(1).nullish(),
});
type Written = z.output<typeof datadogSchema>;

export function compileDatadog(written: Written, placed: Placed): DatadogQuery {
  const { apiVersion, aggregator, formula, secretRef } = written;
  checkQueries(written, placed);
  const secret = secretRef?.name || SECRET_NAME;
  return {
    kind: 'datadog',
    apiVersion: apiVersion || 'v1',
    address: ADDRESS,
    queries: written.query ? { query: written.query.trim() } : (written.queries ?? {}),
    ...(formula ? { formula } : {}),
    aggregator: aggregator || AGGREGATOR,
    intervalMs: written.interval ?? INTERVAL_MS,
    apiKey: secretText(secret, 'api-key'),
    appKey: secretText(secret, 'app-key'),
    timeoutMs: written.requestTimeout ?? TIMEOUT_MS,
  };
}

function checkQueries({ apiVersion, query, queries, formula, ...more }: Written, { source, path, report }: Placed) {
  const choice = (field: string | null, message: string) =>
    report.error(source, field === null ? path : [...path, field], 'SHIPLOCK_PLAN_CHOICE', message, 'key');
  const many = Object.keys(queries ?? {}).length;
  if (!query && many === 0) choice(null, 'asks nothing; expected query or queries');
  if (query && many > 0) choice('queries', 'stands beside a query; keep one of them');
  if ((apiVersion || 'v1') === 'v1') {
    if (many > 0) choice('queries', 'is for apiVersion: v2; v1 has one query');
    if (more.aggregator) choice('aggregator', 'is for apiVersion: v2');
  }
  if (formula && many === 0) choice('formula', 'is made of queries; expected queries beside it');
  if (!formula && many > 1) choice('queries', 'are several; expected a formula that makes one value of them');
  if (more.secretRef?.namespaced && !more.secretRef.name) {
    choice('secretRef', 'is namespaced and has no name; expected the name of the secret');
  }
}
