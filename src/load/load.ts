import http from 'node:http';
import { type LoadReport, type Response, recorder } from './report.ts';

export type { LoadReport, Response, Second, VersionCounts } from './report.ts';

export interface LoadOptions {
  /** `http://127.0.0.1:PORT`. */
  readonly address: string;
  /** Requests a second, 1..2000. */
  readonly ratePerSecond: number;
  /** Asked in turn. Default: `/credentials/1`. */
  readonly paths?: readonly string[];
  /** Ends the load early; what is under way is still awaited. */
  readonly signal?: AbortSignal;
  /** The load ends at whichever comes first. */
  readonly atMost: {
    readonly seconds: number;
    readonly requests: number;
    /** Requests under way; one that is due beyond it is not sent but counted as `notSent`. Default: 500. */
    readonly inFlight?: number;
  };
  /** A request without a complete answer by then failed. Default: 10 000. */
  readonly timeoutMs?: number;
  /** Keeps its connections for the next load; ended by whoever made it. Default: one of its own. */
  readonly agent?: http.Agent;
  readonly onResponse?: (response: Response) => void;
  /** Gets a way to look at the counts so far. */
  readonly onStart?: (snapshot: () => LoadReport) => void;
}

/**
 * Steady open-loop load: request n is due n / rate after the start, whether or not earlier ones were answered, and
 * response times count from when it was due, so that a stalled server cannot hide its stall ("coordinated omission",
 * G. Tene, How NOT to Measure Latency, 2013).
 *
 * @example
 * const report = await runLoad({ address, ratePerSecond: 200, atMost: { seconds: 60, requests: 12_000 } });
 * report.versions['1.2.0']?.failures; // 5xx and broken connections of that version
 */
export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const { ratePerSecond, signal, atMost, onResponse } = options;
  if (!(ratePerSecond >= 1 && ratePerSecond <= 2000)) throw new RangeError('ratePerSecond must be within 1..2000');
  const paths = options.paths ?? ['/credentials/1'];
  const due = Math.min(atMost.requests, Math.floor(atMost.seconds * ratePerSecond));
  const agent = options.agent ?? new http.Agent({ keepAlive: true, maxSockets: atMost.inFlight ?? 500 });
  const record = recorder();
  const begin = performance.now();
  let sent = 0;
  let inFlight = 0;
  options.onStart?.(record.snapshot);

  await new Promise<void>((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    let ended = false;

    function tick(): void {
      const now = performance.now();
      while (sent < due && begin + (sent * 1000) / ratePerSecond <= now) send(begin + (sent * 1000) / ratePerSecond);
      if (sent >= due) end();
      else timer = setTimeout(tick, Math.max(1, begin + (sent * 1000) / ratePerSecond - performance.now()));
    }

    function send(dueAt: number): void {
      const path = paths[sent % paths.length] ?? '/';
      sent += 1;
      if (inFlight >= (atMost.inFlight ?? 500)) {
        record.notSent();
        return;
      }
      inFlight += 1;
      ask({ agent, url: options.address + path, dueAt, timeoutMs: options.timeoutMs ?? 10_000 }, (response) => {
        inFlight -= 1;
        record.answered(response);
        onResponse?.(response);
        if (ended && inFlight === 0) resolve();
      });
    }

    function end(): void {
      ended = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      if (inFlight === 0) resolve();
    }

    if (signal?.aborted) {
      end();
      return;
    }
    signal?.addEventListener('abort', end);
    tick();
  });
  if (!options.agent) agent.destroy();
  return record.snapshot();
}

/** Sends one request and tells once how it went; it is never sent again. */
function ask(
  request: { agent: http.Agent; url: string; dueAt: number; timeoutMs: number },
  done: (response: Response) => void,
): void {
  const sentAt = performance.now();
  let version: string | null = null;
  let status: number | null = null;
  let told = false;

  function tell(error: string | null): void {
    if (told) return;
    told = true;
    clearTimeout(deadline);
    done({
      version,
      status,
      error,
      dueAtMs: epoch(request.dueAt),
      sentAtMs: epoch(sentAt),
      answeredAtMs: epoch(performance.now()),
    });
  }

  const outgoing = http.get(request.url, { agent: request.agent }, (incoming) => {
    version = String(incoming.headers['x-service-version'] ?? '') || null;
    status = incoming.statusCode ?? null;
    incoming.on('end', () => tell(null));
    incoming.on('error', (error: NodeJS.ErrnoException) => tell(error.code ?? error.message));
    incoming.on('close', () => tell('incomplete'));
    incoming.resume();
  });
  outgoing.on('error', (error: NodeJS.ErrnoException) => tell(error.code ?? error.message));
  const deadline = setTimeout(() => {
    tell('timeout');
    outgoing.destroy();
  }, request.timeoutMs);
}

function epoch(at: number): number {
  return performance.timeOrigin + at;
}
