import { ActivityFailure, CancellationScope } from '@temporalio/workflow';
import type { OnFailure } from '../../src/plan/plan.ts';
import { GoBack, type Release } from '../control.ts';
import type { Phase } from '../messages.ts';
import { undoDownTo } from '../saga.ts';
import { rootMessage, skip } from '../steps.ts';

interface PhaseOptions {
  readonly name: Phase;
  /** How the names of its lines begin. */
  readonly lines: string;
  readonly onFailure: OnFailure;
}

/**
 * A phase that may fail by itself: with `onFailure: phase` only what it did is taken back, and the release goes on
 * without it. A person who aborts or rejects means the release, not a phase.
 */
export async function phase(release: Release, options: PhaseOptions, body: () => Promise<void>): Promise<void> {
  const { state } = release;
  const { name, onFailure } = options;
  if (state.undone?.some((undone) => undone.phase === name)) return;
  state.phase = name;
  state.marks = { ...state.marks, [name]: state.marks?.[name] ?? state.undo.length };
  try {
    await body();
  } catch (error) {
    const failed = error instanceof GoBack || error instanceof ActivityFailure;
    if (onFailure === 'release' || state.goingBack || !failed) throw error;
    await takeBack(release, options, rootMessage(error));
  }
}

async function takeBack(release: Release, { name, lines }: PhaseOptions, because: string): Promise<void> {
  const { state } = release;
  // As for every way back: what is still under way must not write over it.
  state.fence += 1;
  state.undone = [...(state.undone ?? []), { phase: name, because }];
  for (const line of state.progress) {
    if (line.name.startsWith(lines)) skip(release, line.name, 'the phase was taken back');
  }
  const left = state.marks?.[name] ?? state.undo.length;
  // An abort means the whole release: it does not wait for what is stuck here.
  await CancellationScope.nonCancellable(() => undoDownTo(release, left, () => state.goingBack !== null));
  if (state.goingBack) throw new GoBack(state.goingBack);
  release.changed();
}
