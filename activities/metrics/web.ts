import type { WebRequest } from '../../src/plan/plan.ts';
import type { Exchange } from './exchange.ts';
import type { Answer } from './prometheus.ts';

/**
 * Sends a web metric's request. A status other than 2xx is an error, as in Argo. An answer may have no body.
 *
 * @param provider its headers with their secrets filled in
 */
export async function askWeb(
  { url, method, headers, body, timeoutMs, insecure }: WebRequest,
  ask: Exchange,
  signal: AbortSignal,
): Promise<Answer> {
  const { raw, error } = await ask(
    {
      url,
      method,
      // As Go's Header.Set: of one name the last value counts, however it is written.
      headers: Object.fromEntries(headers.map(({ key, value }) => [key.toLowerCase(), value])),
      ...(body === undefined ? {} : { body }),
      timeoutMs,
      // Without conditions any 2xx is evidence, 204 too; with some there is nothing to judge.
      mayBeEmpty: true,
      ...(insecure && { insecure }),
    },
    signal,
  );
  return { raw, error };
}
