/** Argo's `web` (argo-rollouts `WebMetric`). */
import { z } from 'zod';
import { checkJsonPath } from '../../../analysis/index.ts';
import { MAX_BODY_CHARACTERS } from '../../limits.ts';
import type { HttpHeader, WebRequest } from '../../plan.ts';
import { isPlaceholder, text } from '../../shape/fields.ts';
import { show } from '../../shape/show.ts';
import { checkAddress, checkHeaders, headersSchema, type Placed, refusedAuthentication, seconds } from './fields.ts';

/** Argo's default (`metricproviders/webmetric`); zero means it, too. */
const TIMEOUT_MS = 10_000;

export const webSchema = z.strictObject({
  method: z
    .string()
    .refine((value) => isPlaceholder(value) || ['', 'GET', 'POST', 'PUT'].includes(value), {
      error: ({ input }) => `is ${show(input)}; expected GET, POST or PUT`,
    })
    .nullish(),
  url: text(),
  headers: headersSchema,
  body: z.string().max(MAX_BODY_CHARACTERS).nullish(),
  jsonBody: z.unknown().optional(),
  timeoutSeconds: seconds().nullish(),
  jsonPath: z.string().max(4_096).nullish(),
  insecure: z.boolean().nullish(),
  authentication: z
    .strictObject({
      // Argo's web provider looks at no basicAuth; a header Authorization says the same.
      basicAuth: refusedAuthentication('web.authentication.basicAuth'),
      oauth2: refusedAuthentication('web.authentication.oauth2'),
      sigv4: refusedAuthentication('web.authentication.sigv4'),
    })
    .nullish(),
});
type Written = z.output<typeof webSchema>;

export function compileWeb(written: Written, placed: Placed): WebRequest {
  const method = methodOf(written);
  checkAddress(written.url, 'url', placed);
  checkHeaders(written.headers ?? [], placed);
  checkPath(written, placed);
  const body = bodyOf(written, method, placed);
  return {
    kind: 'web',
    url: written.url,
    method: method ?? 'GET',
    headers: headersOf(written),
    ...(body === undefined ? {} : { body }),
    jsonPath: written.jsonPath?.trim() || '{$}',
    timeoutMs: written.timeoutSeconds ? written.timeoutSeconds * 1_000 : TIMEOUT_MS,
    ...(written.insecure ? { insecure: true } : {}),
  };
}

function checkPath({ jsonPath }: Written, { source, path, report }: Placed): void {
  const checked = checkJsonPath(jsonPath?.trim() ?? '');
  if (checked.ok || isPlaceholder(jsonPath)) return;
  const message = `${show(jsonPath)}: ${checked.message} (at character ${checked.column} of the path)`;
  report.error(source, [...path, 'jsonPath'], 'SHIPLOCK_PLAN_JSON_PATH', message);
}

/** `null`: an argument will say. */
function methodOf({ method }: Written): WebRequest['method'] | null {
  return method === 'POST' || method === 'PUT' ? method : isPlaceholder(method) ? null : 'GET';
}

/** As Argo, a `jsonBody` is sent as `application/json`, whatever the headers say. */
function headersOf({ headers, jsonBody }: Written): readonly HttpHeader[] {
  const given = headers ?? [];
  if (jsonBody == null) return given;
  const others = given.filter(({ key }) => key.toLowerCase() !== 'content-type');
  return [...others, { key: 'Content-Type', value: 'application/json' }];
}

function bodyOf(
  { body, jsonBody }: Written,
  method: WebRequest['method'] | null,
  { source, path, report }: Placed,
): string | undefined {
  const written = body || (jsonBody == null ? undefined : JSON.stringify(jsonBody));
  if (written === undefined) return undefined;
  const field = body ? 'body' : 'jsonBody';
  if (body && jsonBody != null) {
    const message = 'stands beside a body; keep one of them';
    report.error(source, [...path, 'jsonBody'], 'SHIPLOCK_PLAN_CHOICE', message, 'key');
  }
  if (method === 'GET') {
    const message = 'is sent with POST or PUT only; add method: POST';
    report.error(source, [...path, field], 'SHIPLOCK_PLAN_VALUE', message, 'key');
  }
  if (written.length > MAX_BODY_CHARACTERS) {
    const message = `has ${written.length} characters; expected at most ${MAX_BODY_CHARACTERS}`;
    report.error(source, [...path, field], 'SHIPLOCK_PLAN_RANGE', message);
  }
  return written;
}
