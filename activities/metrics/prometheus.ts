import { exchange } from './exchange.ts';

export interface Question {
  /** Base address, for example `http://127.0.0.1:9090` or with a path before `/api`. */
  readonly address: string;
  readonly query: string;
  /** RFC 3339: the time that the query is evaluated at. */
  readonly at: string;
  /** For the whole exchange. */
  readonly timeoutMs: number;
}

export interface Answer {
  /** Unaltered; empty with `error`. */
  readonly raw: string;
  readonly error: string | null;
}

/**
 * Asks Prometheus' HTTP API for one value. Reading stops at 64 KiB or at the time-out. Throws only where it is
 * cancelled.
 */
export async function ask(question: Question, cancellation: AbortSignal): Promise<Answer> {
  const { address, query, at, timeoutMs } = question;
  const { raw, error } = await exchange(
    {
      url: `${address.replace(/\/+$/, '')}/api/v1/query`,
      method: 'POST',
      body: new URLSearchParams({ query, time: at, timeout: `${timeoutMs}ms` }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      timeoutMs,
    },
    cancellation,
  );
  return { raw, error };
}
