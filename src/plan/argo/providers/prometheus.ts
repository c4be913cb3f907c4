/** Argo's `prometheus` (argo-rollouts `PrometheusMetric`). */
import { z } from 'zod';
import { parseDuration } from '../../duration.ts';
import { MAX_SAMPLES } from '../../limits.ts';
import type { PrometheusQuery } from '../../plan.ts';
import { durationText, isPlaceholder, text } from '../../shape/fields.ts';
import { show } from '../../shape/show.ts';
import { checkAddress, checkHeaders, headersSchema, type Placed, refusedAuthentication, seconds } from './fields.ts';

/** Argo's default (`metricproviders/prometheus`). */
const TIMEOUT_MS = 30_000;

const credential = z.string().max(4_096).nullish();

export const prometheusSchema = z.strictObject({
  address: text().nullish(),
  query: z.string().min(1).max(16_384),
  timeout: seconds().nullish(),
  insecure: z.boolean().nullish(),
  headers: headersSchema,
  authentication: z
    .strictObject({
      basicAuth: z.strictObject({ username: credential, password: credential }).nullish(),
      oauth2: refusedAuthentication('prometheus.authentication.oauth2'),
      sigv4: refusedAuthentication('prometheus.authentication.sigv4'),
    })
    .nullish(),
  rangeQuery: z.strictObject({ start: text(), end: text(), step: durationText(1) }).nullish(),
});
type Written = z.output<typeof prometheusSchema>;

export function compilePrometheus(written: Written, placed: Placed): PrometheusQuery | undefined {
  const { source, path, report } = placed;
  const { address, timeout, headers } = written;
  if (address == null) {
    const message = "prometheus without an address (Argo's controller-wide default) is not supported; give its address";
    report.error(source, path, 'SHIPLOCK_PLAN_UNSUPPORTED', message, 'key');
    return undefined;
  }
  checkAddress(address, 'address', placed);
  checkHeaders(headers ?? [], placed);
  const range = rangeOf(written, placed);
  const basicAuth = basicAuthOf(written, placed);
  return {
    kind: 'prometheus',
    address,
    query: written.query.trim(),
    timeoutMs: timeout == null ? TIMEOUT_MS : timeout * 1_000,
    // A field that is left out leaves no key: plans without it keep the digest that they always had.
    ...(range && { range }),
    ...(headers?.length ? { headers } : {}),
    ...(basicAuth && { basicAuth }),
    ...(written.insecure ? { insecure: true } : {}),
  };
}

function basicAuthOf({ authentication, headers }: Written, { source, path, report }: Placed) {
  const username = authentication?.basicAuth?.username;
  const password = authentication?.basicAuth?.password;
  if (!username && !password) return undefined;
  const at = [...path, 'authentication', 'basicAuth'];
  for (const [field, value] of Object.entries({ username, password })) {
    if (!value) report.error(source, [...at, field], 'SHIPLOCK_PLAN_FIELD_MISSING', 'is missing; expected text', 'key');
  }
  if (headers?.some(({ key }) => key.toLowerCase() === 'authorization')) {
    const message = 'stands beside a header Authorization; keep one of them';
    report.error(source, at, 'SHIPLOCK_PLAN_CHOICE', message, 'key');
  }
  return { username: username ?? '', password: password ?? '' };
}

function rangeOf({ rangeQuery }: Written, { source, path, report }: Placed): PrometheusQuery['range'] {
  if (rangeQuery == null) return undefined;
  const at = [...path, 'rangeQuery'];
  const ago = (field: 'start' | 'end'): number | null => {
    const written = rangeQuery[field];
    const ms = isPlaceholder(written) ? null : agoMs(written);
    if (typeof ms !== 'string') return ms;
    report.error(source, [...at, field], 'SHIPLOCK_PLAN_UNSUPPORTED', ms);
    return null;
  };
  const [startMs, endMs, stepMs] = [ago('start'), ago('end'), rangeQuery.step];
  if (startMs === null || endMs === null || stepMs === null) return undefined;
  if (startMs < endMs) {
    report.error(source, [...at, 'start'], 'SHIPLOCK_PLAN_VALUE', 'lies after the end; expected an earlier time');
  }
  const points = Math.floor((startMs - endMs) / stepMs) + 1;
  if (points > MAX_SAMPLES) {
    const message = `makes ${points} points of each series; expected at most ${MAX_SAMPLES}`;
    report.error(source, [...at, 'step'], 'SHIPLOCK_PLAN_RANGE', message);
  }
  return { startMs, endMs, stepMs };
}

/**
 * How long before the reading a time of Argo's lies; text: why it is not understood. Of expr-lang's dates, `now()` and
 * what lies before it are what a range is made of.
 *
 * @example agoMs('now() - duration("1h30m")') // 5_400_000
 */
function agoMs(expression: string): number | string {
  const found = /^\s*now\(\s*\)\s*(?:-\s*duration\(\s*(?:"([^"]*)"|'([^']*)')\s*\)\s*)?$/.exec(expression);
  if (!found) return `is ${show(expression)}; supported are now() and for example now() - duration("5m")`;
  const duration = found[1] ?? found[2];
  if (duration === undefined) return 0;
  const parsed = parseDuration(duration, false);
  return parsed.ok ? parsed.ms : parsed.message;
}
