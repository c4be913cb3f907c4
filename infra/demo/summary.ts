/** What the load generator saw of a release, beside what was asked for. Pure. */

import type { Response } from '../../src/load/load.ts';
import type { Progress, ReleaseStatus } from '../../workflows/messages.ts';
import { failuresOf, firstFault, lastAnswer, splitIn } from '../load/observe.ts';

export interface StepSplit {
  readonly asked: number;
  readonly observed: number;
  readonly requests: number;
  readonly failed: number;
}

/** The split observed while each weight was set: from the end of the step that set it to the next move. */
export function splitsOf(status: ReleaseStatus, samples: readonly Response[]): StepSplit[] {
  const moves = status.progress
    .filter((line) => line.state === 'done' && (line.title.startsWith('set weight') || isWhole(line)))
    .map((line) => ({
      asked: isWhole(line) ? 100 : Number(/\d+/.exec(line.title)?.[0]),
      startedAt: Date.parse(line.startedAt ?? ''),
      endedAt: Date.parse(line.endedAt ?? ''),
    }));
  const wayBack = status.progress.find((line) => line.name === 'undo-1')?.startedAt;
  return moves.map((move, index) => {
    const until = moves[index + 1]?.startedAt ?? Date.parse(wayBack ?? endOf(status));
    const { observed, requests, failed } = splitIn(samples, status.version, move.endedAt, until);
    return { asked: move.asked, observed, requests, failed };
  });
}

/** All traffic, by a weight or by the switch. */
function isWhole({ name }: Progress): boolean {
  return name === 'full' || name === 'cutover-switch';
}

function endOf(status: ReleaseStatus): string {
  return status.progress.find((line) => line.name === 'window')?.endedAt ?? new Date().toISOString();
}

/** How fast a bad version was caught, in seconds; `null` where it did not happen. */
export function reactionOf(
  status: ReleaseStatus,
  samples: readonly Response[],
): { faultToVerdict: number | null; verdictToLastAnswer: number | null } {
  const fault = firstFault(samples, status.version, 500);
  const last = lastAnswer(samples, status.version);
  const verdictAt = status.progress.find((line) => line.name === 'undo-1')?.startedAt;
  if (!verdictAt || status.outcome === 'released') return { faultToVerdict: null, verdictToLastAnswer: null };
  const verdict = Date.parse(verdictAt);
  return {
    faultToVerdict: fault === null ? null : (verdict - fault) / 1_000,
    verdictToLastAnswer: last === null ? null : (last - verdict) / 1_000,
  };
}

export function renderSummary(status: ReleaseStatus, samples: readonly Response[], ui: string): string {
  const failures = failuresOf(samples, status.version);
  const { faultToVerdict, verdictToLastAnswer } = reactionOf(status, samples);
  const lines = [
    `${status.service} ${status.from} → ${status.version}: ${status.outcome} (${status.because.split('; ', 1)[0]})`,
    '  asked   observed   requests   failed',
    ...splitsOf(status, samples).map(
      ({ asked, observed, requests, failed }) =>
        `  ${`${asked} %`.padStart(5)} ${`${observed.toFixed(1)} %`.padStart(10)} ${String(requests).padStart(10)} ${String(failed).padStart(8)}`,
    ),
    `  failed requests: ${failures.own} answered by ${status.version} itself, ${failures.others} others, of ${samples.length}`,
  ];
  if (faultToVerdict !== null) lines.push(`  first fault → verdict: ${faultToVerdict.toFixed(1)} s`);
  if (verdictToLastAnswer !== null) {
    lines.push(`  verdict → last answer of ${status.version}: ${verdictToLastAnswer.toFixed(2)} s`);
  }
  for (const { phase, because } of status.undone ?? []) lines.push(`  without ${phase}: ${because}`);
  return [...lines, `  ${ui}`].join('\n');
}

const MARKS = { passed: '✔', failed: '✖', unshown: '✖', waived: '–', undone: '–', 'not planned': '–' } as const;

/** The checklist with what shows each item. */
export function renderChecklist({ version, checklist = [] }: ReleaseStatus): string {
  const rows = checklist.map(
    ({ step, item, verdict, evidence }) =>
      `  ${MARKS[verdict]} ${step}  ${item}: ${verdict === 'passed' ? '' : `${verdict}; `}${evidence}`,
  );
  return [`the checklist of ${version}`, ...rows].join('\n');
}
