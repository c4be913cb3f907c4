import { printable } from '../problem.ts';

/** One line of a plan's table. Cells are plain text; `null` leaves a cell empty. */
export interface Row {
  /** When it can happen at the earliest, from the start of the ramp. */
  readonly earliestMs: number | null;
  readonly phase: string;
  readonly what: string;
  /** What ends the wait, and how. */
  readonly deadline: string;
}

export function row(earliestMs: number | null, phase: string, what: string, deadline = ''): Row {
  return { earliestMs, phase, what: printable(what), deadline: printable(deadline) };
}
