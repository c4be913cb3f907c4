import { parsePrometheus } from '../../../src/analysis/prometheus.ts';
import { judgeSplit, type ObservedSplit } from '../../../src/rollout/observed-split.ts';
import { type Exchange, exchange } from '../../metrics/exchange.ts';
import { askPrometheus } from '../../metrics/prometheus.ts';

/** Where Prometheus has a router's counters of requests. */
export interface RouterMetrics {
  readonly prometheus: string;
  /**
   * A selector of counters, without a range: `{{service}}` and `{{namespace}}` are filled in for each side.
   *
   * @example 'istio_requests_total{reporter="source",destination_service="{{service}}.{{namespace}}.svc.cluster.local"}'
   */
  readonly requests: string;
}

export interface Observed extends ObservedSplit {
  /** How long the weight has been written. */
  readonly seconds: number;
}

/** A router's own workers have a weight a moment after its control plane says so: 0.1 s with Traefik. */
const LIVE_AFTER_SECONDS = 1;
/** What was sent before a late router had the weight must not be held against it for ever. */
const LONGEST_WINDOW_SECONDS = 60;
const TIMEOUT_MS = 2_000;

/** @param sinceMs epoch milliseconds at which the weight was written */
export async function observeSplit(
  { prometheus, requests }: RouterMetrics,
  sides: { readonly namespace: string; readonly stableService: string; readonly canaryService: string },
  { percent, sinceMs }: { readonly percent: number; readonly sinceMs: number },
  signal: AbortSignal,
  ask: Exchange = exchange,
): Promise<Observed> {
  const nowMs = Date.now();
  const seconds = Math.max(0, (nowMs - sinceMs) / 1000);
  const window = Math.min(LONGEST_WINDOW_SECONDS, Math.floor(seconds - LIVE_AFTER_SECONDS));
  if (window < 1) return { verdict: 'open', because: 'it has only just been written', seconds };
  const count = async (service: string): Promise<number | string> => {
    const query = requestsQuery(requests, { service, namespace: sides.namespace }, window);
    const provider = { kind: 'prometheus', address: prometheus, query, timeoutMs: TIMEOUT_MS } as const;
    return countIn(await askPrometheus(provider, new Date(nowMs).toISOString(), ask, signal));
  };
  const [stable, canary] = await Promise.all([count(sides.stableService), count(sides.canaryService)]);
  if (typeof stable === 'string') return { verdict: 'open', because: stable, seconds };
  if (typeof canary === 'string') return { verdict: 'open', because: canary, seconds };
  return { ...judgeSplit({ stable, canary }, percent), seconds };
}

/**
 * What the counters of one Service grew by, from the first to the last sample of the window: `increase` would
 * extrapolate. None where one of them began anew in between.
 */
export function requestsQuery(
  selector: string,
  names: { readonly service: string; readonly namespace: string },
  seconds: number,
): string {
  const filled = selector.replaceAll('{{service}}', names.service).replaceAll('{{namespace}}', names.namespace);
  const range = `${filled}[${seconds}s]`;
  return `sum(max_over_time(${range}) - min_over_time(${range})) unless sum(resets(${range})) > 0`;
}

/** A count, or in words why there is none. No series: nothing was counted. */
function countIn({ raw, error }: { readonly raw: string; readonly error: string | null }): number | string {
  if (error !== null) return error;
  const answer = parsePrometheus(raw);
  if (!answer.ok) return answer.message;
  const [value = 0] = typeof answer.result === 'number' ? [answer.result] : answer.result;
  return Number.isFinite(value) && value >= 0 ? Math.round(value) : `${value} is no count of requests`;
}
