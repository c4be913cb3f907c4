import { below, entriesOf, isRecord, type Spot, textOf, wholeOf } from './spot.ts';

/**
 * What the router says of an object as it was written last. `silent`: it says nothing of objects, so it cannot be
 * asked. `waiting`: it has not yet seen the last change.
 */
export interface Acceptance {
  readonly verdict: 'accepted' | 'refused' | 'waiting' | 'silent';
  /** In words. */
  readonly because: string;
}

const SILENT: Acceptance = { verdict: 'silent', because: 'nobody reports on it' };

/**
 * What the Gateways (or, in a mesh, Services) of a route say of it: each parent that reports at all must have seen the
 * last generation, accept the route, and resolve its backends. A parent that refused the route before it was written
 * carries none of its traffic, and has no say.
 *
 * Source: gateway-api `RouteStatus`, `RouteConditionType` (Accepted, ResolvedRefs, PartiallyInvalid).
 *
 * @param before the object as it was before it was written
 */
export function gatewayAcceptance(kind: string, object: unknown, before?: unknown): Acceptance {
  const parents = parentsOf(wholeOf(kind, object));
  const idle = new Set(
    before === undefined
      ? []
      : parentsOf(wholeOf(kind, before)).flatMap(({ id, conditions }) => (refusalIn(conditions) ? [id] : [])),
  );
  const judged = parents.filter(({ id }) => !idle.has(id)).map((parent) => judgeParent(parent, generationOf(object)));
  return (
    judged.find(({ verdict }) => verdict === 'refused') ??
    judged.find(({ verdict }) => verdict === 'waiting') ??
    judged.find(({ verdict }) => verdict === 'accepted') ??
    SILENT
  );
}

/**
 * What istiod says of a VirtualService or DestinationRule, where it is told to (`PILOT_ENABLE_STATUS`): by default it
 * writes no status.
 *
 * Source: istio.io/api `meta/v1alpha1/status.proto`: condition `Reconciled`, its and the status's observedGeneration
 * (a number, or text), validationMessages.
 */
export function istioAcceptance(kind: string, object: unknown): Acceptance {
  const status = below(wholeOf(kind, object), 'status');
  const messages = listOf(below(status, 'validationMessages'));
  const reconciled = listOf(below(status, 'conditions')).find((one) => wordOf(below(one, 'type')) === 'Reconciled');
  const seen =
    reconciled && (numberOf(below(reconciled, 'observedGeneration')) ?? numberOf(below(status, 'observedGeneration')));
  if (reconciled && seen !== undefined && seen < generationOf(object))
    return { verdict: 'waiting', because: `istiod has seen generation ${seen} of ${generationOf(object)}` };
  const bad = messages.find((message) => wordOf(below(message, 'level')) === 'ERROR');
  if (bad) {
    const code = wordOf(below(below(bad, 'type'), 'code'));
    return { verdict: 'refused', because: `istiod finds it wrong: ${code || 'an error without a code'}` };
  }
  if (!reconciled) return SILENT;
  const isUp = wordOf(below(reconciled, 'status')) === 'True';
  const said = wordOf(below(reconciled, 'message')) || wordOf(below(reconciled, 'reason'));
  return isUp
    ? { verdict: 'accepted', because: 'all proxies have it' }
    : { verdict: 'waiting', because: `the proxies do not have it yet${said && `: ${said}`}` };
}

interface Parent {
  /** `Gateway infra/public` or such. */
  readonly id: string;
  readonly controller: string;
  readonly conditions: readonly Condition[];
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly said: string;
  readonly seen: number | undefined;
}

/** Of the parents that the route names: what a former one said is of the past. */
function parentsOf(whole: Spot): readonly Parent[] {
  const own = wordOf(below(below(whole, 'metadata'), 'namespace'));
  const wanted = new Set(listOf(below(below(whole, 'spec'), 'parentRefs')).map((reference) => idOf(reference, own)));
  return listOf(below(below(whole, 'status'), 'parents'))
    .map((parent) => ({
      id: idOf(below(parent, 'parentRef'), own),
      controller: wordOf(below(parent, 'controllerName')),
      conditions: listOf(below(parent, 'conditions')).map(conditionOf),
    }))
    .filter(({ id }) => wanted.has(id));
}

function idOf(reference: Spot, own: string): string {
  const of = (key: string) => wordOf(below(reference, key));
  const port = numberOf(below(reference, 'port'));
  const place = `${of('kind') || 'Gateway'} ${of('namespace') || own}/${of('name')}`;
  return [place, of('sectionName') && ` listener ${of('sectionName')}`, port && ` port ${port}`]
    .filter(Boolean)
    .join('');
}

function conditionOf(spot: Spot): Condition {
  const of = (key: string) => wordOf(below(spot, key));
  const said = [of('reason'), of('message')].filter(Boolean).join(': ');
  return { type: of('type'), status: of('status'), said, seen: numberOf(below(spot, 'observedGeneration')) };
}

function judgeParent({ id, controller, conditions }: Parent, generation: number): Acceptance {
  const who = controller ? `${controller} (${id})` : id;
  const accepted = conditions.find(({ type }) => type === 'Accepted');
  if (!accepted || accepted.seen === undefined) return SILENT;
  if (accepted.seen < generation)
    return { verdict: 'waiting', because: `${who} has seen generation ${accepted.seen} of ${generation}` };
  const refused = refusalIn(conditions.filter(({ seen }) => (seen ?? generation) >= generation));
  if (refused) return { verdict: 'refused', because: `${who} does not take it: ${refused}` };
  return { verdict: 'accepted', because: `${who} has accepted it` };
}

function refusalIn(conditions: readonly Condition[]): string | null {
  const wrong = conditions.find(
    ({ type, status }) =>
      ((type === 'Accepted' || type === 'ResolvedRefs') && status === 'False') ||
      (type === 'PartiallyInvalid' && status === 'True'),
  );
  return wrong ? `${wrong.type} is ${wrong.status}${wrong.said && ` (${wrong.said})`}` : null;
}

/** A status is no input of ours: what cannot be read says nothing. */
function listOf(spot: Spot): readonly Spot[] {
  return Array.isArray(spot.value) ? entriesOf(spot) : [];
}

function wordOf(spot: Spot): string {
  return typeof spot.value === 'string' ? textOf(spot) : '';
}

function numberOf({ value }: Spot): number | undefined {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined;
}

function generationOf(object: unknown): number {
  const metadata = isRecord(object) ? object.metadata : undefined;
  return (isRecord(metadata) && typeof metadata.generation === 'number' && metadata.generation) || 0;
}
