/** What was measured, as the tables of `docs/analysis.md`; the terminal shows the same. */
import type { Figure } from '../figure.ts';
import { table } from '../tables.ts';
import type { Alarms } from './alarms.ts';
import type { Early } from './early.ts';
import type { Measured } from './figures.ts';
import type { Needed } from './requests.ts';
import type { Slower } from './slower.ts';

export function tablesOf(measured: Measured & { readonly speed: readonly Figure[] }): Readonly<Record<string, string>> {
  return {
    alarms: alarmsTable(measured.alarms),
    counts: countsTable(measured.needed),
    latency: latencyTable(measured.slower),
    early: earlyTable(measured.early),
    speed: speedTable(measured.speed),
  };
}

const LOOKS = [1, 5, 10, 20, 50, 100];

function alarmsTable(alarms: readonly Alarms[]): string {
  const rows = alarms.map(({ judge, of, traffic, runs, byLooks, upper }) => [
    `${of}: ${traffic}`,
    judge,
    ...LOOKS.map((looks) => percent(byLooks[looks - 1] ?? 0)),
    percent(upper, 2),
    whole(runs),
  ]);
  return table(['traffic', 'judge', ...LOOKS.map(String), 'upper 99 % bound', 'runs'], rows);
}

function countsTable(needed: readonly Needed[]): string {
  const rows = distinct(needed.map(({ failing }) => failing)).map((failing) => {
    const cells = needed.filter((row) => row.failing === failing);
    const ratios = cells.map(({ ratio }) => ratio ?? Number.NaN);
    const times = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
    return [
      percent(failing, 0),
      ...cells.map(({ sequential, sprt }) => `${whole(sequential)} (${whole(sprt)})`),
      times,
    ];
  });
  const splits = distinct(needed.map(({ share }) => share)).map((share) => `at ${percent(share, 0)} of traffic`);
  return table(['the canary fails', ...splits, "times the told test's"], rows);
}

function latencyTable(slower: readonly Slower[]): string {
  const judges = Object.keys(slower[0]?.needed ?? {});
  const rows = slower.map(({ what, share, needed }) => [
    what,
    percent(share, 0),
    ...judges.map((judge) => whole(needed[judge] ?? null)),
    times(needed['quantile, 7 bounds'], needed['SPRT, 7 bounds']),
  ]);
  return table(['the canary', 'of traffic', ...judges, "quantile's times the SPRT's, 7 bounds"], rows);
}

function earlyTable(early: readonly Early[]): string {
  const rows = early.map(({ rate, minutesSaved, healthy, atMargin, atMarginUpper }) => [
    whole(rate),
    String(minutesSaved),
    percent(healthy),
    `${percent(atMargin)} (≤ ${percent(atMarginUpper)})`,
  ]);
  const header = [
    'requests a second',
    'minutes saved, median',
    'healthy: steps ended early',
    'at the margin: steps ended early',
  ];
  return table(header, rows);
}

function speedTable(speed: readonly Figure[]): string {
  const rows = speed.map(({ name, value, unit }) => [
    name,
    `${value.toFixed(0)} ${unit}`,
    whole(Math.round(1e6 / value)),
  ]);
  return table(['', 'time of one core', 'a second'], rows);
}

const times = (ours: number | null | undefined, theirs: number | null | undefined): string =>
  ours && theirs ? (ours / theirs).toFixed(1) : 'none';

const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;
const whole = (count: number | null): string => (count === null ? 'none' : count.toLocaleString('en'));
const distinct = <T>(all: readonly T[]): readonly T[] => [...new Set(all)];
