/** What is wrong with a query of a comparison that its shape does not show; `null`: nothing. */
import type { Target } from '../plan.ts';

type Sides = Pick<Target, 'canaryService' | 'stableService'>;

/** The other side is asked by putting its name in place of the canary's. */
export function faultOfSide(promql: string, { canaryService, stableService }: Sides): string | null {
  if (promql.includes(canaryService)) return null;
  return `does not name ${canaryService}; expected for example {service="${canaryService}"}: the same is asked of ${stableService} by its name`;
}

/** PromQL's functions that make a rate or a difference of a counter. */
const OF_A_RANGE = /\b(rate|irate|increase|delta|idelta|deriv)\s*\(/;
const QUOTED = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g;

/** What a counter grew by between two looks is reckoned from the counter itself. */
export function faultOfCounter(promql: string): string | null {
  const found = OF_A_RANGE.exec(promql.replace(QUOTED, '""'))?.[1];
  return found === undefined
    ? null
    : `takes ${found}(…) of it; expected the counter itself, such as http_requests_total{…}`;
}
