/** Metric providers in a compiled plan. */
import { z } from 'zod';
import { checkJsonPath } from '../../analysis/index.ts';
import { HEADER_VALUE, isHeaderKey, isHttpAddress } from '../argo/providers/fields.ts';
import { VARIABLE } from '../argo/providers/job.ts';
import { MAX_SAMPLES } from '../limits.ts';
import { DATADOG_AGGREGATORS } from '../plan.ts';
import { isPlaceholder } from '../shape/fields.ts';
import { kubernetesJob } from './kubernetes-job.ts';
import { absolute, command, distinct, ms, positiveMs, text } from './pieces.ts';

/** May still name revisions, which are filled in below the host. */
const url = text.refine(isHttpAddress, 'expected an http address without credentials');
const address = url.refine((value) => !isPlaceholder(value), 'expected an http address without placeholders');
const authText = z.string().max(4_096).regex(HEADER_VALUE);
const headers = z
  .array(z.strictObject({ key: text.refine(isHeaderKey, 'expected the name of a header'), value: authText }))
  .max(50)
  .refine((all) => distinct(all, ({ key }) => key.toLowerCase()), 'expected each header once')
  .readonly();
const insecure = z.literal(true).optional();

const range = z
  .strictObject({ startMs: ms, endMs: ms, stepMs: positiveMs })
  .refine(({ startMs, endMs }) => startMs >= endMs, 'expected a start before the end')
  .refine(({ startMs, endMs, stepMs }) => (startMs - endMs) / stepMs < MAX_SAMPLES, 'expected fewer points');

export const prometheus = z.strictObject({
  kind: z.literal('prometheus'),
  address,
  query: text,
  timeoutMs: ms,
  range: range.optional(),
  headers: headers.optional(),
  basicAuth: z.strictObject({ username: authText.min(1), password: authText.min(1) }).optional(),
  insecure,
});

const web = z
  .strictObject({
    kind: z.literal('web'),
    url,
    method: z.enum(['GET', 'POST', 'PUT']),
    headers,
    body: text.optional(),
    jsonPath: text.refine((path) => checkJsonPath(path).ok, 'expected a path such as {$.data.value}'),
    timeoutMs: ms,
    insecure,
  })
  .refine(({ method, body }) => method !== 'GET' || body === undefined, 'expected no body with GET');

const datadog = z
  .strictObject({
    kind: z.literal('datadog'),
    apiVersion: z.enum(['v1', 'v2']),
    address,
    queries: z.record(text, text),
    formula: text.optional(),
    aggregator: z.enum(DATADOG_AGGREGATORS),
    intervalMs: positiveMs,
    apiKey: authText,
    appKey: authText,
    timeoutMs: ms,
  })
  .refine(({ queries, formula, apiVersion }) => {
    const count = Object.keys(queries).length;
    return count === 1 ? formula === undefined || apiVersion === 'v2' : count > 1 && formula !== undefined;
  }, 'expected one query, or several and a formula')
  .refine(({ apiVersion, queries }) => apiVersion === 'v2' || Object.keys(queries)[0] === 'query', 'expected v2');

const job = z.strictObject({
  kind: z.literal('job'),
  command,
  environment: z.record(z.string().regex(VARIABLE), z.string().max(16_384)),
  directory: absolute.optional(),
  attempts: z.int().min(1).max(1_001),
  timeoutMs: positiveMs,
});

export const provider = z.discriminatedUnion('kind', [prometheus, web, datadog, job, kubernetesJob]);
