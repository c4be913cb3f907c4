/** How an item of the checklist is asked, and what its answers are read from. Pure. */

import type { Phase, Progress, ReleaseStatus } from '../../workflows/messages.ts';
import type { Plan } from '../plan/plan.ts';
import type { ChecklistItem } from './item.ts';

/** One item of the checklist. */
export interface Question extends Pick<ChecklistItem, 'step' | 'item'> {
  /** Whose `onFailure: phase` may have taken it back. */
  readonly phase?: Phase;
  /** A release that replaces nothing has no ramp and nothing to go back to. */
  readonly needsOldSide?: true;
  /** What only the ramp shows; a version that `rollbackWindow` knows takes none. */
  readonly ofTheRamp?: true;
  /** Nothing but what the router itself has shown answers it. */
  readonly needsConfirmation?: true;
  planned(plan: Plan): boolean;
  answer(plan: Plan, status: ReleaseStatus): Answer;
}

export interface Answer {
  readonly verdict: 'passed' | 'failed' | 'unshown' | 'waived';
  readonly evidence: string;
}

/** What the workflow writes beside a traffic move that the router itself has shown, and beside what a person waived. */
export const CONFIRMED = 'confirmed by the router';
export const WAIVED = 'waived by promoteFull';

/** On a platform that scales both sides the pods that came for the move stand before it: `4 of 4 …; confirmed by …`. */
export function isConfirmed(because: string): boolean {
  return because.split('; ').at(-1) === CONFIRMED;
}

export function passed(evidence: string): Answer {
  return { verdict: 'passed', evidence };
}

export function failed(evidence: string): Answer {
  return { verdict: 'failed', evidence };
}

export function unshown(evidence: string): Answer {
  return { verdict: 'unshown', evidence };
}

/** Under the name of whoever decided, with the reason as it was sent. */
export function waived({ decisions }: ReleaseStatus): Answer {
  const decided = decisions.findLast(({ accepted, signal }) => accepted && signal === 'promoteFull');
  return {
    verdict: 'waived',
    evidence: `${WAIVED}: ${decided?.by?.name || 'somebody'} sent ${decided?.payload ?? '{}'}`,
  };
}

export function lineOf({ progress }: ReleaseStatus, name: string): Progress | null {
  return progress.find((line) => line.name === name) ?? null;
}

/** `null` when each of these lines is done; else the answer that this makes. */
export function notDone(status: ReleaseStatus, names: readonly string[]): Answer | null {
  for (const name of names) {
    const line = lineOf(status, name);
    if (line?.state === 'failed') return failed(`${name} failed: ${line.because}`);
    if (line?.state !== 'done') return unshown(`${name} is ${line?.state ?? 'not there'}${reason(line)}`);
  }
  return null;
}

/** `0.2 s`; `null` for a line that did not end. */
export function secondsOf(line: Progress | null): string | null {
  if (!line?.startedAt || !line.endedAt) return null;
  return `${((Date.parse(line.endedAt) - Date.parse(line.startedAt)) / 1000).toFixed(1)} s`;
}

export function share(count: number, of: number, what: string): string {
  return `${count} of ${of} ${what}`;
}

function reason(line: Progress | null): string {
  return line?.because ? ` (${line.because})` : '';
}
