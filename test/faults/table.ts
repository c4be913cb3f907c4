/** What the harness prints. */
import type { Kind } from './kinds.ts';
import type { Ran } from './once.ts';
import type { Trial } from './trials.ts';

export interface Result extends Trial {
  /** How long the history was at the kill; `null`: it did not come to it. */
  readonly killedAt: number | null;
  readonly outcome: string;
  readonly seconds: number;
  readonly requests: number;
  readonly lost: number;
  /** Empty: as if nobody had been killed. */
  readonly differences: readonly string[];
}

const COLUMNS = [9, 5, 5, 34, 11, 8, 12] as const;

function line(cells: readonly string[]): string {
  return cells
    .map((cell, index) => cell.padEnd(COLUMNS[index] ?? 0))
    .join(' ')
    .trimEnd();
}

export function undisturbedLine(kind: Kind, ran: Ran): string {
  const writes = ran.writes.length > 0 ? `${ran.writes.length} writes, ` : '';
  return `${kind}, undisturbed: ${ran.events.length} events, ${writes}${ran.effects.length} effects, ${ran.outcome} in ${ran.seconds.toFixed(1)} s`;
}

export function header(): string {
  return line(['release', 'k', 'at', 'event k, or write', 'outcome', 'seconds', 'requests', 'verdict']);
}

export function row({ kind, kill, killedAt, moment, outcome, seconds, requests, differences }: Result): string {
  const verdict = differences.length === 0 ? 'same' : `DIFFERENT: ${differences.join('; ')}`;
  return line([
    kind,
    `${kill.number}`,
    `${killedAt ?? '-'}`,
    moment,
    outcome,
    seconds.toFixed(1),
    `${requests}`,
    verdict,
  ]);
}

export function summary(results: readonly Result[], seconds: number): string {
  const failed = results.filter(({ differences }) => differences.length > 0).length;
  const requests = results.reduce((sum, result) => sum + result.requests, 0);
  const lost = results.reduce((sum, result) => sum + result.lost, 0);
  return [
    `${results.length} workers killed in ${seconds.toFixed(0)} s; ${lost} of ${requests} requests lost`,
    `${results.length - failed} passed, ${failed} failed`,
  ].join('\n');
}
