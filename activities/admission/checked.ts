/** What any work begins with that a client asked for: nothing is believed because it was sent. */
import { ShiplockError } from '../../src/errors.ts';
import { type Plan, validatePlan } from '../../src/plan/index.ts';
import { failure } from '../failure.ts';

/** @throws SHIPLOCK_PLAN_INVALID (not retried) */
export function validated(sent: unknown): Plan {
  try {
    return validatePlan(sent);
  } catch (error) {
    if (!(error instanceof ShiplockError)) throw error;
    throw failure(
      { code: 'SHIPLOCK_PLAN_INVALID', message: error.message, mend: error.mend, cause: error },
      { retry: 'never' },
    );
  }
}

/**
 * @param what is refused, for example `plan`
 * @throws SHIPLOCK_POLICY_REFUSED (not retried) with every reason
 */
export function mustBeAllowed(what: string, refusals: readonly string[]): void {
  if (refusals.length === 0) return;
  throw failure(
    {
      code: 'SHIPLOCK_POLICY_REFUSED',
      message: `the worker's policy refuses this ${what}: ${refusals.join('; ')}`,
      mend: 'change the release, or have the policy allow it',
    },
    { retry: 'never' },
  );
}
