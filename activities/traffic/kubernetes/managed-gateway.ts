import type { JsonPatchOperation } from '../../kubernetes/index.ts';
import type { ManagedRoute, RequestMatch, StringMatch } from '../port.ts';
import { type GatewayKind, type GatewaySides, gatewaySplits } from './gateway.ts';
import { inOrder, managedOperations, without } from './managed-list.ts';
import { isManaged, managedName } from './managed-names.ts';
import type { Split } from './split.ts';
import { below, entriesOf, isRecord, type Spot, textOf, unfit, wholeOf } from './spot.ts';
import { bothOf } from './text-match.ts';

const REPLACED = ['name', 'matches', 'backendRefs'];

/**
 * Operations after which a route has these header and mirror rules and no others of ours. Each is a copy of a rule that
 * is split, with its filters and time-outs, for what that one takes *and* the step matches: so it has more conditions
 * than the rule itself, and is preferred to it (the rule with the most header matches wins among equal paths).
 *
 * A prefix of a path ends at a slash here. A prefix of a header is written as a regular expression.
 *
 * @throws SHIPLOCK_KUBERNETES_ROUTE (not retried) for what the Gateway API cannot say
 */
export function gatewayManaged(
  kind: GatewayKind,
  object: unknown,
  sides: GatewaySides & { readonly managedRoutes?: readonly string[] },
  wanted: readonly ManagedRoute[],
): readonly JsonPatchOperation[] {
  const managed = sides.managedRoutes ?? [];
  const rules = below(below(wholeOf(kind, object), 'spec'), 'rules');
  const splits = gatewaySplits(kind, object, sides).filter(
    ({ route }) => !isManaged(textOf(below(route, 'name')), managed),
  );
  if (splits.length === 0 && wanted.length > 0)
    throw unfit(rules, 'has no rule that is split, so none to send elsewhere');
  const made = inOrder(wanted, managed).flatMap((route) => {
    const copies = splits.flatMap((split) => ruleOf(kind, route, split) ?? []);
    if (copies.length === 0) throw unfit(rules, `takes no request that ${route.name} matches`);
    return copies.map((one, index) => ({ name: managedName(route.name, index), ...one }));
  });
  return managedOperations(rules, made, managed);
}

function ruleOf(kind: GatewayKind, managed: ManagedRoute, { route, canary }: Split): object | null {
  const matches = joined(kind, route, managed);
  if (matches === null) return null;
  const base = { ...without(route.value, REPLACED), ...(matches.length > 0 && { matches }) };
  if (managed.kind === 'header')
    return { ...base, backendRefs: [{ ...without(canary.spot.value, ['weight']), weight: 1 }] };
  const backendRef = without(canary.spot.value, ['weight', 'filters']);
  const mirror = { type: 'RequestMirror', requestMirror: { backendRef, percent: managed.percentage } };
  const filters = [...entriesOf(below(route, 'filters')).map(({ value }) => value), mirror];
  return { ...base, filters, backendRefs: below(route, 'backendRefs').value };
}

function joined(kind: GatewayKind, route: Spot, { name, matches }: ManagedRoute): readonly object[] | null {
  const there = entriesOf(below(route, 'matches'));
  if (matches.length === 0) return there.map(({ value }) => value as object);
  const bases = there.length > 0 ? there : [{ ...below(route, 'matches'), value: {} }];
  const both = bases.flatMap((base) => matches.flatMap((match) => conditions(kind, base, match, name) ?? []));
  return both.length > 0 ? both : null;
}

function conditions(kind: GatewayKind, base: Spot, match: RequestMatch, name: string): object | null {
  const { method, path, headers = {} } = match;
  if (kind === 'GRPCRoute' && (method || path))
    throw unfit(base, `is of gRPC, which ${name} cannot match by path or HTTP method`, 'match headers instead');
  const result: Record<string, unknown> = isRecord(base.value) ? { ...base.value } : {};
  const cannot = (what: string) =>
    unfit(base, `already has a condition on ${what}, which cannot be joined with that of ${name}`);
  if (method) {
    if (method.kind !== 'exact') throw unfit(base, `takes methods by their names, where ${name} has a ${method.kind}`);
    if (result.method !== undefined && result.method !== method.value) return null;
    result.method = method.value;
  }
  if (path) {
    const both = bothOf(pathMatch(below(base, 'path')), path, 'segment');
    if (both === undefined) throw cannot('the path');
    if (both === null) return null;
    result.path = { type: PATH_TYPES[both.kind], value: both.value };
  }
  const former = entriesOf(below(base, 'headers'));
  const added = Object.entries(headers).filter(([header, wanted]) => {
    const there = former.find((one) => textOf(below(one, 'name')).toLowerCase() === header.toLowerCase());
    if (there && !sameHeader(there, wanted)) throw cannot(`header ${header}`);
    return !there;
  });
  if (added.length > 0)
    result.headers = [
      ...former.map(({ value }) => value),
      ...added.map(([header, wanted]) => ({ ...headerMatch(wanted), name: header })),
    ];
  return result;
}

const PATH_TYPES = { exact: 'Exact', prefix: 'PathPrefix', regex: 'RegularExpression' } as const;

/** Absent: `PathPrefix` `/`. */
function pathMatch(spot: Spot): StringMatch {
  const type = textOf(below(spot, 'type')) || 'PathPrefix';
  const value = textOf(below(spot, 'value')) || '/';
  if (type === 'Exact') return { kind: 'exact', value };
  return { kind: type === 'PathPrefix' ? 'prefix' : 'regex', value };
}

function headerMatch({ kind, value }: StringMatch): { readonly type: string; readonly value: string } {
  if (kind === 'exact') return { type: 'Exact', value };
  if (kind === 'regex') return { type: 'RegularExpression', value };
  return { type: 'RegularExpression', value: `${value.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}.*` };
}

function sameHeader(there: Spot, wanted: StringMatch): boolean {
  const { type, value } = headerMatch(wanted);
  return (textOf(below(there, 'type')) || 'Exact') === type && textOf(below(there, 'value')) === value;
}
