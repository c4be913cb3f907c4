/** Counters of one side as Prometheus answers them, and what they grew by between two looks. */
import { parseFloatText } from './condition/index.ts';
import { type Labelled, parseVector } from './prometheus.ts';
import { showNumber } from './show.ts';

/** Where each counter stood, by the value of the label that tells them apart: `{ events: 12, total: 3400 }`. */
export type Counters = Readonly<Record<string, number>>;

/** Where both sides' counters stood at one moment. */
export interface BothCounters {
  readonly canary: Counters;
  readonly stable: Counters;
}

export type CountersAnswer =
  | { readonly ok: true; readonly counters: Counters }
  | { readonly ok: false; readonly message: string };

/**
 * Reads an instant vector whose series differ in one label.
 *
 * @example readCounters(raw, 'le') // { ok: true, counters: { '0.1': 90, '0.5': 99, '+Inf': 100 } }
 */
export function readCounters(raw: string, label: string): CountersAnswer {
  const vector = parseVector(raw);
  return vector.ok ? countersOf(vector.series, label) : vector;
}

/** The same of series that were read already. */
export function countersOf(series: readonly Labelled[], label: string): CountersAnswer {
  const counters: Record<string, number> = {};
  for (const { labels, value } of series) {
    const written = labels[label];
    if (written === undefined) return refused(`a series has no label ${label}`);
    const name = label === 'le' ? boundName(written) : written;
    if (Object.hasOwn(counters, name)) return refused(`two series have the ${label} ${name}`);
    if (!(Number.isInteger(value) && value >= 0 && value <= Number.MAX_SAFE_INTEGER))
      return refused(`${name} is ${showNumber(value)}, which is no count`);
    // -0 would not survive a workflow's state.
    counters[name] = value + 0;
  }
  return Object.keys(counters).length === 0 ? refused('the answer is empty') : { ok: true, counters };
}

/** One name for each bound: clients and versions of Prometheus write `1` and `1.0`. */
function boundName(written: string): string {
  const bound = parseFloatText(written);
  if (bound === Number.POSITIVE_INFINITY) return '+Inf';
  return bound !== null && Number.isFinite(bound) ? String(bound) : written;
}

/**
 * What counters grew by since the last look. Where one fell, a process was restarted or has gone, and how many it had
 * counted until then is not known: that look counts for nothing, the next one goes on from here.
 */
export function increase(before: Counters, now: Counters): CountersAnswer {
  const grown: Record<string, number> = {};
  for (const [name, value] of Object.entries(now)) {
    // A counter appears with its first event.
    const by = value - (before[name] ?? 0);
    if (by < 0) return refused(`${name} fell from ${before[name]} to ${value}: a counter was reset`);
    grown[name] = by;
  }
  const lost = Object.keys(before).find((name) => !Object.hasOwn(now, name));
  return lost === undefined ? { ok: true, counters: grown } : refused(`${lost} is there no more: a counter was reset`);
}

/** `le` bounds in seconds, ascending; `null`: not every one is a number. */
export function bucketBounds(counters: Counters): number[] | null {
  const bounds = Object.keys(counters).map(parseFloatText);
  return bounds.every((bound) => bound !== null) ? bounds.sort((a, b) => a - b) : null;
}

const refused = (message: string) => ({ ok: false, message }) as const;
