/** What was measured, as the tables of `docs/kubernetes.md`; the terminal shows the same. */
import { percentile } from '../figure.ts';
import { table } from '../tables.ts';
import type { Counts, Requests } from './counts.ts';
import type { Latencies } from './latencies.ts';
import type { MemoryOfReleases } from './memory.ts';
import type { Taken } from './weights.ts';

export interface Measured {
  readonly latencies: { readonly shiplock: Latencies; readonly argo: Latencies; readonly plain: readonly number[] };
  readonly counts: { readonly shiplock: Counts; readonly argo: Counts };
  readonly memory: MemoryOfReleases;
}

export function tablesOf({ latencies, counts, memory }: Measured): Readonly<Record<string, string>> {
  return { times: timesTable(latencies), requests: requestsTable(counts), memory: memoryTable(memory) };
}

const EVENTS = [
  ['abort → weight 0', 'abort'],
  ['promote → next weight, with the pods that are there', 'promote'],
  ['promote → next weight, with one pod more', 'promoteWithPod'],
] as const;
const FROM = [
  ['accepted', 'acceptedMs'],
  ['sent', 'sentMs'],
] as const satisfies readonly (readonly [string, keyof Taken])[];

function timesTable({ shiplock, argo, plain }: Measured['latencies']): string {
  const write = percentile(plain, 50);
  const cells = (values: readonly number[]) => {
    const median = percentile(values, 50);
    return [milliseconds(median), milliseconds(percentile(values, 90)), (median / write).toFixed(1)];
  };
  const rows = EVENTS.flatMap(([name, event]) =>
    FROM.map(([from, field]) => {
      const [ours, theirs] = [shiplock, argo].map((latencies) => latencies[event].map((taken) => taken[field]));
      return [`${name}, from ${from}`, ...cells(ours ?? []), ...cells(theirs ?? []), `${shiplock[event].length}`];
    }),
  );
  const one = ['one plain write of the VirtualService', ...cells(plain), '', '', '', `${plain.length}`];
  const columns = (of: string) => [`${of}: median`, 'p90', 'plain writes'];
  return table(['', ...columns('Shiplock'), ...columns("Argo's controller"), 'samples'], [one, ...rows]);
}

function requestsTable({ shiplock, argo }: Measured['counts']): string {
  const rows = (
    [
      ['an update and an abort', 'abort'],
      ['a whole release', 'whole'],
    ] as const
  ).flatMap(([name, release]) => [
    [name, 'writes', `${shiplock[release].writes}`, `${argo[release].writes}`],
    [name, 'reads', `${shiplock[release].reads}`, `${argo[release].reads}`],
    [name, 'what is written', listed(shiplock[release]), listed(argo[release])],
  ]);
  return table(['', '', 'Shiplock', "Argo's controller"], rows);
}

function memoryTable({ open, afterMegabytes }: MemoryOfReleases): string {
  const rows = open.map((each) => [`${each.open}`, `${each.megabytes} MB`]);
  return table(['open releases', 'resident'], [...rows, ['0, after all of them have ended', `${afterMegabytes} MB`]]);
}

const listed = ({ written }: Requests): string => written.join(', ');
const milliseconds = (value: number): string => `${value.toFixed(0)} ms`;
