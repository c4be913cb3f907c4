import { ConditionError } from './syntax.ts';

/** What an evaluation may still spend, where it is, and what it saw on the way. */
export interface Budget {
  steps: number;
  /** The place of the operation that runs, for its errors. */
  at: number;
  /** A comparison met a value that is not a number. */
  metNaN: boolean;
}

/** Takes steps from the budget: one a part, and as many as there are elements or characters to look at. */
export function spend(budget: Budget, steps: number): void {
  budget.steps -= steps;
  if (budget.steps < 0) fail(budget, 'evaluation takes too many steps');
}

/** Ends the evaluation with an error at the present place. */
export function fail(budget: Budget, message: string): never {
  throw new ConditionError(budget.at, message);
}
