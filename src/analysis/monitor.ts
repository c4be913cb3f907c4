import type { Reading } from '../../activities/metrics/port.ts';
import type { MonitorPlan } from '../plan/plan.ts';
import { parsePrometheus } from './prometheus.ts';
import { showNumber } from './show.ts';

/** `again`: look once more after the plan's interval. `gaveUp`: the looks are used up without a healthy one. */
export interface MonitorAssessment {
  readonly verdict: 'healthy' | 'unhealthy' | 'again' | 'gaveUp';
  readonly because: string;
}

type Answered = Pick<Reading, 'raw' | 'error'>;
type Measured =
  | { readonly ok: true; readonly least: number; readonly most: number }
  | { readonly ok: false; readonly message: string };

/**
 * The look at the canary before the last decision. Unhealthy at once if the success share or the 95th percentile is
 * beyond its unhealthy limit, even where the other is missing; healthy only if both are measured and within their
 * healthy limits. Of several series the worst counts. Missing data is never healthy.
 *
 * @param attempt The number of this look, from 1.
 */
export function applyMonitor(plan: MonitorPlan, success: Answered, p95: Answered, attempt: number): MonitorAssessment {
  const share = measured(success);
  const seconds = measured(p95);
  const seen = `success ${share.ok ? showNumber(share.least) : `unknown (${share.message})`}, p95 ${seconds.ok ? `${showNumber(seconds.most)} s` : `unknown (${seconds.message})`}`;
  const { healthy, unhealthy } = plan;
  if (share.ok && share.least < unhealthy.success)
    return { verdict: 'unhealthy', because: `${seen}: success below ${unhealthy.success}` };
  if (seconds.ok && seconds.most > unhealthy.p95Seconds)
    return { verdict: 'unhealthy', because: `${seen}: p95 above ${unhealthy.p95Seconds} s` };
  if (share.ok && seconds.ok && share.least >= healthy.success && seconds.most <= healthy.p95Seconds) {
    return { verdict: 'healthy', because: `${seen}: within ${healthy.success} and ${healthy.p95Seconds} s` };
  }
  const look = `look ${attempt} of ${plan.attempts}`;
  const needed = `healthy is success of at least ${healthy.success} and p95 of at most ${healthy.p95Seconds} s`;
  return { verdict: attempt < plan.attempts ? 'again' : 'gaveUp', because: `${seen} (${look}); ${needed}` };
}

function measured(reading: Answered): Measured {
  if (reading.error !== null) return { ok: false, message: reading.error };
  const answer = parsePrometheus(reading.raw);
  if (!answer.ok) return answer;
  const values = typeof answer.result === 'number' ? [answer.result] : answer.result;
  if (values.length === 0) return { ok: false, message: 'no data' };
  if (values.some(Number.isNaN)) return { ok: false, message: 'NaN' };
  return { ok: true, least: values.reduce((a, b) => Math.min(a, b)), most: values.reduce((a, b) => Math.max(a, b)) };
}
