import { formatDuration, parseDuration } from '../../plan/duration.ts';
import type { Ledger } from '../ledger.ts';
import type { Analysis } from './canary-schema.ts';

/** How often Flagger looks, and how many failed looks end it (flagger `canary.go`). */
export interface Rhythm {
  readonly intervalMs: number;
  readonly interval: string;
  /** Rolled back at the failed check of this number, whichever check it was. */
  readonly threshold: number;
}

const INTERVAL_MS = 60_000;
/** Below it Flagger takes it. */
const FLOOR_MS = 10_000;
/** An answer that is missing is asked for again after so long, if the interval is not shorter (Argo's). */
const ERROR_RETRY_MS = 10_000;

export function rhythmOf(analysis: Analysis, ledger: Ledger, at: readonly string[]): Rhythm {
  const path = [...at, 'interval'];
  const written = durationAt(analysis.interval, path, ledger) ?? INTERVAL_MS;
  if (written < FLOOR_MS) {
    const text = `${formatDuration(written)} is 10s to Flagger, which looks no oftener; so it is here. Shiplock itself may look every second`;
    ledger.differs(path, text);
  }
  const intervalMs = Math.max(FLOOR_MS, written);
  const interval = formatDuration(intervalMs);
  ledger.kept(path, `${interval} between weights and between readings`);
  const threshold = analysis.threshold && analysis.threshold > 0 ? analysis.threshold : 1;
  const limit = `failureLimit ${threshold - 1}: a metric fails at its bad reading number ${threshold}`;
  ledger.kept([...at, 'threshold'], limit);
  if (threshold > 1) {
    const text = `Flagger adds up the failed checks of all metrics and webhooks; here each has its own ${threshold}. A failed check does not hold the ramp: it counts, and the ramp keeps its rhythm`;
    ledger.differs([...at, 'threshold'], text);
  }
  return { intervalMs, interval, threshold };
}

/** As many answers may be missing in a row as last no longer than Flagger's failed checks would. */
export function errorLimit({ intervalMs, threshold }: Rhythm): number {
  return Math.max(1, Math.ceil((intervalMs * threshold) / Math.min(ERROR_RETRY_MS, intervalMs))) - 1;
}

/** A duration of Flagger's; `null`: it says nothing, or what it says is wrong and reported. */
export function durationAt(
  written: string | null | undefined,
  path: readonly (string | number)[],
  { source, report }: Ledger,
): number | null {
  if (written == null || written === '') return null;
  const parsed = parseDuration(written, false);
  if (parsed.ok) return parsed.ms;
  report.error(source, path, 'SHIPLOCK_PLAN_DURATION', parsed.message);
  return null;
}
