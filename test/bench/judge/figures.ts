/** The plots of `docs/analysis.md`, by the names of their files. */
import type { Alarms } from './alarms.ts';
import { type Early, WHOLE_MINUTES } from './early.ts';
import { ALPHA } from './judges.ts';
import { type Axis, type Line, plotOf } from './plot.ts';
import type { Needed } from './requests.ts';
import type { Slower } from './slower.ts';

/** The whole, or its first quarter where nothing is beyond. */
const sharesUpTo = (most: number): Axis => ({
  scale: 'linear',
  ticks: most > 0.25 ? [0, 0.25, 0.5, 0.75, 1] : [0, 0.05, 0.1, 0.15, 0.2, 0.25],
  show: (share) => `${Math.round(100 * share)} %`,
});
const REQUESTS: Axis = {
  scale: 'log',
  ticks: [10, 100, 1_000, 10_000, 100_000, 1_000_000],
  show: (requests) => requests.toLocaleString('en'),
};

export interface Measured {
  readonly alarms: readonly Alarms[];
  readonly needed: readonly Needed[];
  readonly slower: readonly Slower[];
  readonly early: readonly Early[];
}

export function figuresOf({ alarms, needed, slower, early }: Measured): Readonly<Record<string, string>> {
  const plain = new Set(alarms.filter(({ ours }) => !ours).map(({ of, traffic }) => `${of}: ${traffic}`));
  const falseAlarms = [...plain].map((title, i) => [`false-alarms-${i + 1}`, falseAlarmsOf(title, alarms)]);
  return {
    ...Object.fromEntries(falseAlarms),
    'requests-counts': requestsOfCounts(needed),
    'requests-latency': requestsOfLatency(slower),
    'minutes-saved': minutesSaved(early),
  };
}

function falseAlarmsOf(title: string, alarms: readonly Alarms[]): string {
  const lines = alarms
    .filter(({ of, traffic }) => `${of}: ${traffic}` === title)
    .map(({ judge, byLooks, ours }) => ({
      name: `${judge}: ${(100 * (byLooks.at(-1) ?? 0)).toFixed(1)} %`,
      points: byLooks.map((share, i) => [i + 1, share] as const),
      peer: !ours,
    }));
  return plotOf({
    title: `False alarms; ${title}`,
    x: 'looks at identical versions',
    y: sharesUpTo(Math.max(...lines.flatMap(({ points }) => points.map(([, share]) => share)))),
    lines,
    limit: { at: ALPHA, name: 'alpha, 5 %' },
  });
}

function requestsOfCounts(needed: readonly Needed[]): string {
  const failing = [...new Set(needed.map((row) => row.failing))];
  const lines = failing.flatMap((rate, colour): Line[] => {
    const rows = needed.filter((row) => row.failing === rate);
    const name = `fails ${100 * rate} %`;
    const points = (of: 'sequential' | 'sprt') => rows.map((row) => [100 * row.share, row[of]] as const);
    return [
      { name: `${name}: Shiplock`, points: known(points('sequential')), colour },
      { name: `${name}: SPRT, told so`, points: known(points('sprt')), colour, peer: true },
    ];
  });
  return plotOf({ title: 'Median requests to catch a canary; stable fails 1 %', x: SPLIT, y: REQUESTS, lines });
}

const SPLIT = "the canary's share of the traffic, in percent";

function requestsOfLatency(slower: readonly Slower[]): string {
  const judges = ['quantile, 7 bounds', 'mean, 7 bounds', 'SPRT, 7 bounds'];
  const lines = ['all +20 %', 'all +100 %'].flatMap((what, i) =>
    judges.map((judge, j): Line => {
      const rows = slower.filter((row) => row.what === what);
      const points = rows.map((row) => [100 * row.share, row.needed[judge] ?? null] as const);
      const name = judge.startsWith('SPRT') ? 'SPRT, told so' : `Shiplock, ${judge.split(',')[0]}`;
      return { name: `${what}: ${name}`, points: known(points), colour: 3 * i + j, peer: judge.startsWith('SPRT') };
    }),
  );
  return plotOf({ title: 'Median requests to catch a slower canary', x: SPLIT, y: REQUESTS, lines });
}

function minutesSaved(early: readonly Early[]): string {
  const points = early.map(({ rate, minutesSaved: saved }) => [rate, saved] as const);
  return plotOf({
    title: `Median minutes saved of a ramp of ${WHOLE_MINUTES}; both sides fail 1 %, margin 0.5`,
    x: 'requests a second',
    y: { scale: 'linear', ticks: [0, 10, 20, 30, 40], show: String },
    lines: [{ name: 'Shiplock, counts', points }],
    limit: { at: WHOLE_MINUTES, name: 'the whole ramp' },
  });
}

const known = (points: readonly (readonly [number, number | null])[]) =>
  points.filter((point): point is readonly [number, number] => point[1] !== null);
