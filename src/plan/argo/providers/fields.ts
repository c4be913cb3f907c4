/** What several providers have in common: headers, times, addresses, and what of Argo's authentication is refused. */
import { z } from 'zod';
import { MAX_DURATION_MS } from '../../limits.ts';
import type { HttpHeader } from '../../plan.ts';
import type { Path, Report } from '../../problem.ts';
import { isPlaceholder, refused, text, wholeText } from '../../shape/fields.ts';
import { HEADER_NAME } from '../../shape/names.ts';
import { show } from '../../shape/show.ts';
import type { Source } from '../../yaml/read.ts';

/** A provider as it stands in a template, and where problems of it are reported. */
export interface Placed {
  readonly source: Source;
  /** Of the provider, for example `spec.metrics[0].provider.web`. */
  readonly path: Path;
  readonly report: Report;
}

/** What HTTP itself needs them for: a plan that set them could say something else to a proxy than to the server. */
const OF_THE_EXCHANGE = [
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
/** A field value of HTTP (RFC 9110, 5.5). */
export const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

export const headersSchema = z
  .array(z.strictObject({ key: text(), value: z.string().max(4_096) }))
  .max(50)
  .nullish();

export const isHeaderKey = (key: string): boolean =>
  HEADER_NAME.test(key.toLowerCase()) && !OF_THE_EXCHANGE.includes(key.toLowerCase());

export function checkHeaders(headers: readonly HttpHeader[], { source, path, report }: Placed): void {
  const seen = new Set<string>();
  for (const [index, { key, value }] of headers.entries()) {
    const at = [...path, 'headers', index];
    const name = key.toLowerCase();
    if (!isPlaceholder(key) && !isHeaderKey(key)) {
      const expected = OF_THE_EXCHANGE.includes(name) ? 'none that HTTP itself sets' : 'the name of an HTTP header';
      report.error(source, [...at, 'key'], 'SHIPLOCK_PLAN_VALUE', `is ${show(key)}; expected ${expected}`);
    }
    if (seen.has(name)) {
      const message = `the header ${key} is given a second time`;
      report.error(source, [...at, 'key'], 'SHIPLOCK_PLAN_DUPLICATE', message);
    }
    seen.add(name);
    if (!HEADER_VALUE.test(value)) {
      const message = 'holds characters that no HTTP header may have, such as the end of a line';
      report.error(source, [...at, 'value'], 'SHIPLOCK_PLAN_VALUE', message);
    }
  }
}

/** A kind of authentication that is refused by name; a map that says nothing, as tools write it out, asks for none. */
export const refusedAuthentication = (name: string) =>
  z.preprocess(
    (value) => (typeof value === 'object' && JSON.stringify(value) === '{}' ? undefined : value),
    refused(name, undefined, 'send a header Authorization'),
  );

/** Whole seconds of Argo's, at most a wait. */
export const seconds = () => wholeText(0, MAX_DURATION_MS / 1_000);

/** An http(s) address whose host is written out: a release fills in no host, and an address proves nobody. */
export function isHttpAddress(address: string): boolean {
  const url = /^https?:\/\/[^\s/?#{}]+([/?#]|$)/i.test(address) ? URL.parse(address) : null;
  return url !== null && url.username === '' && url.password === '';
}

export function checkAddress(address: string, field: 'address' | 'url', { source, path, report }: Placed): void {
  // Arguments are filled first, and a secret is reported as one; revisions are filled below a host only.
  if (/\{\{\s*(args|secret)\./.test(address)) return;
  if (isHttpAddress(address) && (field === 'url' || !isPlaceholder(address))) return;
  const message = `is ${show(address)}; expected an http address without credentials, for example http://metrics:9090`;
  report.error(source, [...path, field], 'SHIPLOCK_PLAN_VALUE', message);
}
