import type { DatadogQuery } from '../../src/plan/plan.ts';
import type { Exchange, HttpQuestion } from './exchange.ts';
import type { Answer } from './prometheus.ts';

/**
 * Asks Datadog's API about the time before `at`, in the way of Argo. Shapes: DataDog/datadog-api-client-go
 * `.generator/schemas`, `QueryMetrics` (v1) and `QueryScalarData` (v2).
 *
 * @param provider its keys with their secrets filled in
 * @param at RFC 3339: the end of the time that is asked about
 */
export async function askDatadog(
  provider: DatadogQuery,
  at: string,
  ask: Exchange,
  signal: AbortSignal,
): Promise<Answer> {
  const { raw, error, status } = await ask(questionOf(provider, at), signal);
  const advice = adviceOn(status);
  return { raw, error: error !== null && advice !== null ? `${error} (${advice})` : error };
}

function questionOf(provider: DatadogQuery, at: string): HttpQuestion {
  const { address, apiVersion, apiKey, appKey, intervalMs, timeoutMs } = provider;
  const base = address.replace(/\/+$/, '');
  const headers = {
    accept: 'application/json',
    'content-type': 'application/json',
    'dd-api-key': apiKey,
    'dd-application-key': appKey,
  };
  const to = Math.floor(Date.parse(at) / 1000);
  const from = to - Math.floor(intervalMs / 1000);
  if (apiVersion === 'v1') {
    const query = Object.values(provider.queries)[0] ?? '';
    const asked = new URLSearchParams({ query, from: `${from}`, to: `${to}` });
    return { url: `${base}/api/v1/query?${asked}`, method: 'GET', headers, timeoutMs };
  }
  const body = JSON.stringify(scalarRequest(provider, from * 1000, to * 1000));
  return { url: `${base}/api/v2/query/scalar`, method: 'POST', headers, body, timeoutMs };
}

/** The schema's `ScalarFormulaQueryRequest`; times are milliseconds. */
function scalarRequest({ queries, formula, aggregator }: DatadogQuery, from: number, to: number) {
  return {
    data: {
      type: 'scalar_request',
      attributes: {
        from,
        to,
        queries: Object.entries(queries).map(([name, query]) => ({ aggregator, data_source: 'metrics', name, query })),
        formulas: formula === undefined ? [] : [{ formula }],
      },
    },
  };
}

/** What to do about an answer's status; `null`: its own words say it. */
function adviceOn(status: number | null): string | null {
  switch (status) {
    case 401:
    case 403:
      return 'check the API key, the application key and its scope timeseries_query, and the site in the address';
    case 429:
      return 'the rate limit of Datadog is reached: read less often';
    default:
      return status !== null && status >= 500 ? 'Datadog has a fault of its own: status.datadoghq.com' : null;
  }
}
