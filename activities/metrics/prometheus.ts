import type { PrometheusQuery } from '../../src/plan/plan.ts';
import type { Exchange } from './exchange.ts';

export interface Answer {
  /** Unaltered; empty with `error`. */
  readonly raw: string;
  readonly error: string | null;
}

/**
 * Asks Prometheus' HTTP API for the value at a time, or for the values of a range that lies before it.
 *
 * @param provider with its secrets filled in
 * @param at RFC 3339
 */
export async function askPrometheus(
  provider: PrometheusQuery,
  at: string,
  ask: Exchange,
  cancellation: AbortSignal,
): Promise<Answer> {
  const { address, query, timeoutMs, range, insecure } = provider;
  const time = (agoMs: number) => new Date(Date.parse(at) - agoMs).toISOString();
  const when: Record<string, string> = range
    ? { start: time(range.startMs), end: time(range.endMs), step: `${range.stepMs / 1_000}` }
    : { time: at };
  const { raw, error } = await ask(
    {
      url: `${address.replace(/\/+$/, '')}/api/v1/${range ? 'query_range' : 'query'}`,
      method: 'POST',
      body: new URLSearchParams({ query, ...when, timeout: `${timeoutMs}ms` }).toString(),
      headers: headersOf(provider),
      timeoutMs,
      ...(insecure && { insecure }),
    },
    cancellation,
  );
  return { raw, error };
}

function headersOf({ headers = [], basicAuth }: PrometheusQuery): Record<string, string> {
  const given = Object.fromEntries(headers.map(({ key, value }) => [key.toLowerCase(), value]));
  const login = basicAuth && Buffer.from(`${basicAuth.username}:${basicAuth.password}`).toString('base64');
  return {
    accept: 'application/json',
    ...given,
    ...(login && { authorization: `Basic ${login}` }),
    // What is sent is a form, whatever the plan calls it.
    'content-type': 'application/x-www-form-urlencoded',
  };
}
