import type { ServerResponse } from 'node:http';
import { ShiplockError } from '../errors.ts';

/** What a request is answered with: one JSON object. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that is an error: its code, what happened, what to do. */
export function refusal(
  status: number,
  code: ShiplockError['code'],
  message: string,
  mend: string,
  headers: Answer['headers'] = {},
): Answer {
  return { status, body: { ok: false, error: { code, message, mend } }, headers };
}

/** What stopped a start, as the sender reads it. What nobody foresaw is for the log only. */
export function answerTo(error: unknown): Answer {
  if (!(error instanceof ShiplockError)) {
    return refusal(
      500,
      'SHIPLOCK_UNEXPECTED',
      'the delivery failed in a way nobody foresaw',
      'see the log of `shiplock serve`',
    );
  }
  const { code, message, mend = '' } = error;
  return refusal(statusOf(code), code, message, mend);
}

function statusOf(code: ShiplockError['code']): number {
  if (code === 'SHIPLOCK_RELEASE_BUSY' || code === 'SHIPLOCK_LANE_REFUSED') return 409;
  if (code.startsWith('SHIPLOCK_PLAN_')) return 422;
  if (/^SHIPLOCK_(TEMPORAL_|NAMESPACE_|SEARCH_ATTRIBUTES_|TRIGGER_TIMEOUT$)/.test(code)) return 503;
  return 500;
}

/** Sends it; of a request that was not read to its end, the connection is closed. */
export function send(response: ServerResponse, { status, body, headers }: Answer, options: { close: boolean }): void {
  if (response.headersSent || response.destroyed) return;
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(options.close && { connection: 'close' }),
    ...headers,
  });
  response.end(text);
}
