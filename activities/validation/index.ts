import { load } from './load.ts';
import type { ValidationActivities } from './port.ts';
import { look } from './probe.ts';
import type { SideOf } from './sides.ts';

export interface ValidationDependencies {
  /** Where the platform shows each side of a service. */
  readonly sideOf: SideOf;
}

/**
 * Looks at the running service from outside.
 *
 * @example createValidationActivities({ sideOf: localSides({ client: connectSupervisor() }) })
 */
export function createValidationActivities({ sideOf }: ValidationDependencies): ValidationActivities {
  return {
    probe: async ({ side, check, ...where }) => look(await sideOf(where, side), check),
    load: (request) => load(sideOf, request),
  };
}
