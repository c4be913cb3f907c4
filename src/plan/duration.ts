import { MAX_DURATION_MS } from './limits.ts';

/** Go's units (`time.ParseDuration`), in milliseconds; both the micro sign and the Greek letter. */
const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** 2^63 ns, about 292 years: Go counts nanoseconds in 64 bits. */
const LONGEST_MS = 2 ** 63 / 1e6;

export type ParsedDuration =
  | { readonly ok: true; readonly ms: number }
  | { readonly ok: false; readonly message: string };

/**
 * Reads a duration as Argo does: whole seconds (`300`, `"300"`) or Go's format (`5m`, `1h30m`, `1.5h`, `500ms`).
 *
 * @param bareSeconds - false where Argo wants a unit (`interval`, `initialDelay`).
 * @example parseDuration('1h30m') // { ok: true, ms: 5_400_000 }
 */
export function parseDuration(value: number | string, bareSeconds = true): ParsedDuration {
  const expected = bareSeconds
    ? 'expected whole seconds or for example 30s, 5m, 1h30m'
    : 'expected for example 30s, 5m, 1h30m';
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : String(value);
  const ms = bareSeconds && isWholeSeconds(value) ? Number(value) * 1_000 : goDurationMs(value);
  if (ms === null) return { ok: false, message: `${shown} is not a duration; ${expected}` };
  if (ms < 0) return { ok: false, message: `${shown} is negative; a duration is zero or more` };
  if (ms > MAX_DURATION_MS) return { ok: false, message: `${shown} is longer than 366 days` };
  return { ok: true, ms: Math.round(ms) };
}

function isWholeSeconds(value: number | string): boolean {
  return typeof value === 'number' ? Number.isSafeInteger(value) : /^[+-]?\d{1,15}$/.test(value);
}

/** Milliseconds of what Go's `time.ParseDuration` takes, negative ones included; `null`: it takes it not. */
export function argoDurationMs(text: string): number | null {
  const ms = goDurationMs(text);
  return ms === null || Math.abs(ms) >= LONGEST_MS ? null : ms;
}

function goDurationMs(value: number | string): number | null {
  if (typeof value === 'number') return null;
  const text = value.length > 64 ? '' : value;
  if (!/^[+-]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/.test(text)) return null;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(amount) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
  }
  return text.startsWith('-') ? -total : total;
}

/** `5_400_000` → `1h30m`; `0` → `0s`; below a second in `ms`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return ms === 0 ? '0s' : `${Math.round(ms)}ms`;
  const seconds = Math.round(ms / 100) / 10;
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  const rest = Math.round((seconds % 60) * 10) / 10;
  return `${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes}m` : ''}${rest > 0 ? `${rest}s` : ''}`;
}
