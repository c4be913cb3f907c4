import type { GateReport } from './port.ts';

export type Judgement = Pick<GateReport, 'verdict' | 'because'>;

interface Lines {
  readonly covered: number;
  readonly total: number;
}

/**
 * Judges the line coverage of an Istanbul `coverage-summary.json` or an `lcov.info`. The share is computed from
 * counted lines, never taken from a printed percentage; no lines show nothing.
 */
export function judgeCoverage(report: string, minimumPercent: number): Judgement {
  const lines = report.trimStart().startsWith('{') ? istanbul(report) : lcov(report);
  if (typeof lines === 'string') return { verdict: 'inconclusive', because: lines };
  const { covered, total } = lines;
  if (total === 0) return { verdict: 'inconclusive', because: 'the coverage report counts no lines' };
  // Cut, not rounded: 79.996 % must not read as 80 %.
  const percent = `${Math.floor((covered / total) * 10_000) / 100} %`;
  const said = `${covered} of ${total} lines are covered (${percent}), at least ${minimumPercent} % are asked for`;
  return { verdict: covered * 100 >= minimumPercent * total ? 'pass' : 'fail', because: said };
}

function istanbul(report: string): Lines | string {
  const lines = parse(report)?.total?.lines;
  const covered = count(lines?.covered);
  const total = count(lines?.total);
  if (covered === null || total === null) return 'the coverage report has no counts under total.lines';
  if (covered > total) return `the coverage report claims ${covered} of ${total} lines`;
  return { covered, total };
}

function parse(report: string): { total?: { lines?: { covered?: unknown; total?: unknown } } } | null {
  try {
    return JSON.parse(report);
  } catch {
    return null;
  }
}

/** A file that several test runs report counts once; a line is covered if any of them ran it. */
function lcov(report: string): Lines | string {
  const files = new Map<string, Map<number, boolean>>();
  let current: Map<number, boolean> | undefined;
  let ended = true;
  for (const line of report.split(/\r?\n/)) {
    const file = /^SF:(.+)$/.exec(line)?.[1];
    if (file !== undefined) {
      current = files.get(file) ?? new Map();
      files.set(file, current);
      ended = false;
    }
    const data = /^DA:(\d+),(-?\d+)/.exec(line);
    if (data && current) {
      const number = Number(data[1]);
      current.set(number, (current.get(number) ?? false) || Number(data[2]) > 0);
    }
    if (line === 'end_of_record') ended = true;
  }
  if (files.size === 0) return 'the coverage report is neither Istanbul JSON nor lcov';
  if (!ended) return 'the coverage report ends in the middle of a record';
  const hits = [...files.values()].flatMap((lines) => [...lines.values()]);
  return { covered: hits.filter(Boolean).length, total: hits.length };
}

function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
