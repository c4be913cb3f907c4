import { failure } from '../../failure.ts';
import {
  type JsonPatchOperation,
  POD_TEMPLATE_HASH_LABEL,
  REVISION_LABEL,
  type RevisionPods,
} from '../../kubernetes/index.ts';
import { below, entriesOf, isRecord, pointerTo, type Spot, textOf, unfit, wholeOf } from './spot.ts';

/** The label by which the pods of one revision are told from all others. */
export type RevisionKey = RevisionPods['key'];

/** What Argo Rollouts' controller puts into Services and subsets that it moves. */
const FOREIGN = 'rollouts-pod-template-hash';

/** Chooses no pods at all: an id of a revision has eight hexadecimal digits at its end. */
export const NOBODY: RevisionKey = { label: REVISION_LABEL, value: 'none' };

/** The labels by which a Service or a subset chooses its pods. */
export interface Chosen {
  readonly spot: Spot;
  /** `null`: pods of all revisions are chosen. */
  readonly revision: RevisionKey | null;
}

/** @throws SHIPLOCK_KUBERNETES_SERVICE (not retried) where it has no selector, or another controller moves it */
export function chosenByService(object: unknown): Chosen {
  const selector = selectorOf(object);
  if (!hasLabels(selector)) throw withoutSelector(selector);
  mustBeOurs(selector);
  return { spot: selector, revision: revisionIn(selector) };
}

/** Of a Service whose selector somebody took away: no revision that is known. */
const LOST: RevisionKey = { label: REVISION_LABEL, value: 'lost' };

/** As `chosenByService`, but a Service without a selector may be looked at; it cannot be pointed anywhere. */
export function chosenOrLost(object: unknown): Chosen {
  const selector = selectorOf(object);
  return hasLabels(selector) ? chosenByService(object) : { spot: selector, revision: LOST };
}

function selectorOf(object: unknown): Spot {
  return below(below(wholeOf('Service', object), 'spec'), 'selector');
}

function hasLabels({ value }: Spot): boolean {
  return isRecord(value) && Object.keys(value).length > 0;
}

function withoutSelector({ object }: Spot): Error {
  return failure(
    {
      code: 'SHIPLOCK_KUBERNETES_SERVICE',
      message: `${object} has no selector, so it cannot be pointed at a revision`,
      mend: 'give it the labels of the pods as its selector',
    },
    { retry: 'never' },
  );
}

/**
 * The two subsets of a DestinationRule between which requests are split.
 *
 * @throws SHIPLOCK_KUBERNETES_ROUTE (not retried) where one is missing or stands twice
 */
export function chosenBySubsets(
  object: unknown,
  { stableSubset, canarySubset }: { readonly stableSubset: string; readonly canarySubset: string },
): { readonly host: string; readonly stable: Chosen; readonly canary: Chosen } {
  const whole = wholeOf('DestinationRule', object);
  const subsets = below(below(whole, 'spec'), 'subsets');
  const named = (name: string): Chosen => {
    const [first, second] = entriesOf(subsets).filter((subset) => textOf(below(subset, 'name')) === name);
    if (!first) throw unfit(subsets, `has no subset named ${name}`, 'add it, with the labels of the pods');
    if (second) throw unfit(second, `is a second subset named ${name}`, 'rename one of them');
    const spot = below(first, 'labels');
    if (spot.value !== undefined && !isRecord(spot.value)) throw unfit(spot, 'are no labels');
    mustBeOurs(spot);
    return { spot, revision: revisionIn(spot) };
  };
  const host = textOf(below(below(whole, 'spec'), 'host'));
  if (host === '') throw unfit(below(below(whole, 'spec'), 'host'), 'names no host');
  return { host, stable: named(stableSubset), canary: named(canarySubset) };
}

/** Operations after which pods of this revision alone are chosen; all other labels stay. */
export function choose({ spot, revision }: Chosen, key: RevisionKey): readonly JsonPatchOperation[] {
  if (revision === LOST) throw withoutSelector(spot);
  if (revision?.label === key.label && revision.value === key.value) return [];
  const at = (label: string) => pointerTo(below(spot, label));
  const write: JsonPatchOperation = isRecord(spot.value)
    ? { op: 'add', path: at(key.label), value: key.value }
    : { op: 'add', path: pointerTo(spot), value: { [key.label]: key.value } };
  const others = [REVISION_LABEL, POD_TEMPLATE_HASH_LABEL].filter(
    (label) => label !== key.label && labelAt(spot, label) !== '',
  );
  return [...others.map((label) => ({ op: 'remove', path: at(label) }) as const), write];
}

function revisionIn(spot: Spot): RevisionKey | null {
  const label = [REVISION_LABEL, POD_TEMPLATE_HASH_LABEL].find((candidate) => labelAt(spot, candidate) !== '');
  return label ? { label, value: labelAt(spot, label) } : null;
}

function labelAt(spot: Spot, label: string): string {
  return isRecord(spot.value) ? textOf(below(spot, label)) : '';
}

function mustBeOurs(spot: Spot): void {
  if (labelAt(spot, FOREIGN) === '') return;
  throw failure(
    {
      code: 'SHIPLOCK_KUBERNETES_SERVICE',
      message: `${spot.object} is moved by Argo Rollouts' controller: it chooses pods by ${FOREIGN}`,
      mend: 'release through its Rollout (platform argo), or take it out of that and remove the label',
    },
    { retry: 'never' },
  );
}
