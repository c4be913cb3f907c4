/** Mirroring and A/B testing: routes of the engine's own, made and removed by steps. */
import type { Path } from '../../plan/problem.ts';
import { valueAt } from '../../plan/shape/check.ts';
import type { Ledger } from '../ledger.ts';
import type { Analysis } from './canary-schema.ts';

/** A route that a step makes; another one without a match removes it. */
export interface OwnRoute {
  readonly name: string;
  readonly made: object;
  readonly removed: object;
}

/** All requests, so many percent of them copied; Flagger's default is all. */
export function mirrorRoute(service: string, { mirrorWeight }: Analysis): OwnRoute {
  const name = `${service}-mirror`;
  const percentage = mirrorWeight || 100;
  return {
    name,
    made: { setMirrorRoute: { name, percentage, match: [{ path: { prefix: '/' } }] } },
    removed: { setMirrorRoute: { name } },
  };
}

/** Requests with one of these headers go to the canary; `null`: refused. */
export function headerRoute(service: string, { match }: Analysis, at: Path, ledger: Ledger): OwnRoute | null {
  const name = `${service}-match`;
  const headers = (match ?? []).map((one, index) => headerOf(one, [...at, 'match', index], ledger));
  if (headers.some((header) => header === null)) return null;
  return { name, made: { setHeaderRoute: { name, match: headers } }, removed: { setHeaderRoute: { name } } };
}

/** Every entry is one header: a route takes a request by any of them, never by two together. */
function headerOf(match: object, at: Path, ledger: Ledger): object | null {
  const headers = Object.entries((valueAt(match, ['headers']) as object | undefined) ?? {});
  const others = Object.keys(match).filter((field) => field !== 'headers');
  const [first, second] = headers;
  if (first === undefined || second !== undefined || others.length > 0) {
    const found = others.length > 0 ? `has ${others.join(', ')}` : `has ${headers.length} headers`;
    ledger.refuse(at, `${found}; a route to the canary is found by one header in each entry`);
    return null;
  }
  const [headerName, headerValue] = first;
  return { headerName, headerValue };
}
