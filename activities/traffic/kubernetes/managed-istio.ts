import type { VirtualServicePlan } from '../../../src/plan/target.ts';
import type { JsonPatchOperation } from '../../kubernetes/index.ts';
import type { ManagedRoute, RequestMatch, StringMatch } from '../port.ts';
import { type IstioSides, istioSplits } from './istio.ts';
import { inOrder, managedOperations, without } from './managed-list.ts';
import { isManaged, managedName } from './managed-names.ts';
import type { Split } from './split.ts';
import { below, entriesOf, isRecord, type Spot, textOf, unfit, wholeOf } from './spot.ts';
import { bothOf } from './text-match.ts';

const REPLACED = ['name', 'match', 'route', 'mirror', 'mirrors', 'mirrorPercentage', 'mirrorPercent', 'mirror_percent'];

/**
 * Operations after which a VirtualService has these header and mirror routes and no others of ours, before all other
 * routes, in the plan's order: the first route that matches is taken. Each is a copy of a route that is split, with its
 * time-outs and rewrites, and takes only what that one takes *and* the step matches; a mirror route keeps the split's
 * weights.
 *
 * @throws SHIPLOCK_KUBERNETES_ROUTE (not retried) where the conditions cannot be joined
 */
export function istioManaged(
  object: unknown,
  plan: VirtualServicePlan,
  sides: IstioSides,
  wanted: readonly ManagedRoute[],
): readonly JsonPatchOperation[] {
  const managed = sides.managedRoutes ?? [];
  const http = below(below(wholeOf('VirtualService', object), 'spec'), 'http');
  const splits = istioSplits(object, plan, sides).filter(
    ({ route }) => route.path[1] === 'http' && !isManaged(textOf(below(route, 'name')), managed),
  );
  if (splits.length === 0 && wanted.length > 0)
    throw unfit(http, 'has no route that is split, so none to send elsewhere');
  const routes = inOrder(wanted, managed).flatMap((route) => {
    const made = splits.flatMap((split) => routeOf(route, split) ?? []);
    if (made.length === 0) throw unfit(http, `takes no request that ${route.name} matches`);
    return made.map((one, index) => ({ name: managedName(route.name, index), ...one }));
  });
  return managedOperations(http, routes, managed);
}

function routeOf(managed: ManagedRoute, { route, canary }: Split): object | null {
  const match = joined(route, managed);
  if (match === null) return null;
  const base = { ...(match.length > 0 && { match }), ...without(route.value, REPLACED) };
  const destination = below(canary.spot, 'destination').value;
  if (managed.kind === 'header') return { ...base, route: [{ destination, weight: 100 }] };
  const mirrorPercentage = { value: managed.percentage };
  return { ...base, route: below(route, 'route').value, mirror: destination, mirrorPercentage };
}

/** The conditions of both, each of one with each of the other; `[]`: there are none. `null`: they exclude each other. */
function joined(route: Spot, { name, matches }: ManagedRoute): readonly object[] | null {
  const there = entriesOf(below(route, 'match'));
  if (matches.length === 0) return there.map(({ value }) => value as object);
  if (there.length === 0) return matches.map((match) => conditions({}, match, route, name) ?? {});
  const both = there.flatMap((base) => matches.flatMap((match) => conditions(base.value, match, base, name) ?? []));
  return both.length > 0 ? both : null;
}

function conditions(
  base: unknown,
  { method, path, headers = {} }: RequestMatch,
  at: Spot,
  name: string,
): object | null {
  const start = isRecord(base) ? base : {};
  const result: Record<string, unknown> = { ...start };
  const join = (there: unknown, wanted: StringMatch, what: string): boolean => {
    const match =
      there === undefined || isPresence(there) ? wanted : bothOf(istioMatch(there, at), wanted, 'character');
    if (match === undefined)
      throw unfit(at, `already has a condition on ${what}, which cannot be joined with that of ${name}`);
    if (match !== null) joinedMatches.set(what, match);
    return match !== null;
  };
  const joinedMatches = new Map<string, StringMatch>();
  if (path && start.ignoreUriCase === true) throw unfit(at, `ignores the case of paths, where ${name} does not`);
  if (method && !join(start.method, method, 'method')) return null;
  if (path && !join(start.uri, path, 'uri')) return null;
  const former = isRecord(start.headers) ? start.headers : {};
  // Envoy knows headers in lower case alone.
  const own = Object.entries(headers).map(([header, match]) => [header.toLowerCase(), match] as const);
  for (const [header, match] of own) if (!join(former[header], match, `header ${header}`)) return null;
  for (const [what, { kind, value }] of joinedMatches)
    if (what === 'method' || what === 'uri') result[what] = { [kind]: value };
  if (own.length > 0)
    result.headers = {
      ...former,
      ...Object.fromEntries(
        own.map(([header]) => {
          const match = joinedMatches.get(`header ${header}`);
          return [header, match ? { [match.kind]: match.value } : {}];
        }),
      ),
    };
  return result;
}

/** `{}`: the header is there, whatever it says. */
function isPresence(there: unknown): boolean {
  return isRecord(there) && Object.keys(there).length === 0;
}

function istioMatch(there: unknown, at: Spot): StringMatch {
  for (const kind of ['exact', 'prefix', 'regex'] as const)
    if (isRecord(there) && typeof there[kind] === 'string') return { kind, value: there[kind] };
  throw unfit(at, 'has a condition that is neither exact, prefix nor regex');
}
