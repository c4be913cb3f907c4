import { setTimeout as delay } from 'node:timers/promises';
import type { TestCluster } from '../../cluster/support/index.ts';
import type { Taken } from './weights.ts';

/** A service whose versions somebody releases in steps, with a pause after each weight. */
export interface Subject {
  readonly cluster: TestCluster;
  /** The first version, to the end. */
  begin(version: string): Promise<void>;
  /** Another version, to the pause after its first weight. */
  update(version: string): Promise<void>;
  /** Ends the pause, and waits for the next one. */
  promote(): Promise<Taken>;
  /** Ends the last pause. */
  finish(): Promise<void>;
  abort(): Promise<Taken>;
  /** Waits until the version has come to its end. */
  ended(outcome: 'released' | 'rolledBack'): Promise<void>;
}

/** What is under way at a pause, such as status updates, is over by then; a person takes longer. */
export const SETTLED_MS = 300;

/** Longer than any delay in the plans of these releases. */
const QUIET_MS = 4_000;

/** Until a number has been the same for a while: nobody has anything left to do. */
export async function untilQuiet(number: () => number): Promise<void> {
  for (let [before, now] = [-1, number()]; before !== now; [before, now] = [now, number()]) await delay(QUIET_MS);
}
