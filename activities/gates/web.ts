import { Context } from '@temporalio/activity';
import { formatDuration } from '../../src/plan/duration.ts';
import type { WebGate } from '../../src/plan/plan.ts';
import { exchange, type HttpAnswer } from '../metrics/exchange.ts';
import type { Judgement } from './coverage.ts';

/** Below the heartbeat's time-out of a build worker's activities. */
const BEAT_MS = 1_000;

/**
 * Sends a gate's POST until it is answered 2xx, at most `retries` times more, all within the gate's time. Redirects and
 * link-local addresses are never followed, as with metrics.
 *
 * @param url where it is reached from here
 */
export async function runWeb(gate: WebGate, url: string): Promise<Judgement> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), BEAT_MS);
  const end = performance.now() + gate.timeoutMs;
  try {
    for (let asked = 1; ; asked += 1) {
      const left = end - performance.now();
      const timeoutMs = Math.max(1, Math.min(gate.requestTimeoutMs, Math.floor(left)));
      const answer = await exchange(questionOf(gate, url, timeoutMs), context.cancellationSignal);
      const isLast = asked > gate.retries || end - performance.now() <= gate.intervalMs;
      if (isGood(answer) || isLast) return judgeWeb(answer, { asked, withinMs: gate.timeoutMs });
      await context.sleep(gate.intervalMs);
    }
  } finally {
    clearInterval(beat);
  }
}

const isGood = ({ error }: HttpAnswer): boolean => error === null;

function questionOf({ body, insecure }: WebGate, url: string, timeoutMs: number) {
  const headers: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' };
  return {
    url,
    method: 'POST' as const,
    headers,
    body: body ?? '',
    timeoutMs,
    mayBeEmpty: true as const,
    ...(insecure && { insecure }),
  };
}

/**
 * The last answer as a verdict: 2xx passes, another one that the endpoint chose fails. Where nobody answers, or the
 * endpoint is broken or busy itself (429, 5xx), nothing is shown either way.
 *
 * @example judgeWeb({ raw: '', error: null, status: 204 }, { asked: 1, withinMs: 60_000 })
 * // { verdict: 'pass', because: 'answered 204' }
 */
export function judgeWeb(
  { error, status }: HttpAnswer,
  { asked, withinMs }: { asked: number; withinMs: number },
): Judgement {
  const times = asked === 1 ? '' : ` (asked ${asked} times within ${formatDuration(withinMs)})`;
  if (error === null) return { verdict: 'pass', because: `answered ${status}${times}` };
  const refuses = status !== null && status >= 300 && status < 500 && status !== 429 && status !== 408;
  return { verdict: refuses ? 'fail' : 'inconclusive', because: `${error}${times}` };
}
