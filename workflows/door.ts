/** Anybody who may start workflows can start one with anything: what is no plan at all is refused before it is looked at. */
import { ApplicationFailure } from '@temporalio/workflow';
import type { Release } from './control.ts';
import type { ReleaseInput } from './messages.ts';
import { open } from './open.ts';

/** The server refuses longer keywords, and the release would wedge. */
const MAXIMUM_NAME = 256;

/**
 * Whether the plan is a good one, the first activity says; here it only has to be one that can be shown.
 *
 * @throws ApplicationFailure `SHIPLOCK_PLAN_INVALID`
 */
export function openOrRefuse(input: ReleaseInput): Release {
  const because = problemOf(input);
  if (because) throw refusal(because);
  try {
    return open(input);
  } catch (error) {
    throw refusal(error instanceof Error ? error.message : String(error));
  }
}

/** Why an input holds no plan that could be shown; `null` where it does. */
export function problemOf(input: unknown): string | null {
  const plan = isObject(input) ? input.plan : undefined;
  if (!isObject(plan)) return 'the input holds no plan';
  const names = ['service', 'environment', 'version'];
  const wrong = names.find((name) => {
    const value = plan[name];
    return typeof value !== 'string' || value === '' || value.length > MAXIMUM_NAME;
  });
  return wrong ? `its ${wrong} is no name` : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function refusal(because: string): ApplicationFailure {
  return ApplicationFailure.create({
    message: `this is no plan of a release: ${because}. Start releases with \`shiplock start\``,
    type: 'SHIPLOCK_PLAN_INVALID',
    nonRetryable: true,
  });
}
