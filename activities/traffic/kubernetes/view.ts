import type { KubernetesPlace } from '../../../src/plan/target.ts';
import { failure } from '../../failure.ts';
import {
  type KubernetesClient,
  type KubernetesObject,
  type ObjectReference,
  type RevisionPods,
  SERVICES,
} from '../../kubernetes/index.ts';
import { type Chosen, chosenByService, chosenBySubsets, chosenOrLost, type RevisionKey } from './chosen.ts';
import { completed } from './host.ts';
import { marksOf } from './marks.ts';
import { type PingPong, stableServiceOf } from './ping-pong.ts';
import { countedWeights, type Standing, standingWeights } from './planned-move.ts';
import { DESTINATION_RULES, destinationRuleOf, type RoleServices, type Router, routersOf } from './routers.ts';
import { type Shares, type Split, sharesOf } from './split.ts';

export type SideName = 'stable' | 'canary';

/** The traffic of one service as its objects say. */
export interface View {
  readonly roles: RoleServices;
  readonly sides: Readonly<Record<SideName, Side>>;
  readonly routers: readonly RouterView[];
  readonly shares: Shares;
  readonly standing: Standing;
  readonly revisions: readonly RevisionPods[];
}

export interface RouterView {
  readonly router: Router;
  readonly object: KubernetesObject;
  readonly splits: readonly Split[];
}

/** One side: what chooses its pods. The first decides; others follow it. */
export interface Side {
  readonly choosers: readonly [Chooser, ...Chooser[]];
  /** The Service whose EndpointSlices show where its requests go. */
  readonly service: string;
  /** The Service chooses pods of both sides, and subsets tell them apart. */
  readonly isShared: boolean;
}

export interface Chooser {
  readonly reference: ObjectReference;
  /** The annotation that holds what we let it choose. */
  readonly mark: string;
  readonly object: KubernetesObject;
  chosen(object: unknown): Chosen;
}

/**
 * @param known the revisions, or what reads them: then beside everything else
 * @param unpointed a side whose Service may lack its selector
 * @throws SHIPLOCK_KUBERNETES_NOT_FOUND (retried); SHIPLOCK_KUBERNETES_ROUTE, SHIPLOCK_KUBERNETES_SERVICE (not retried)
 */
export async function viewTraffic(
  client: KubernetesClient,
  place: KubernetesPlace,
  service: string,
  known: readonly RevisionPods[] | Promise<readonly RevisionPods[]>,
  unpointed: SideName | null = null,
): Promise<View> {
  const { namespace, traffic } = place;
  const marks = marksOf(service);
  const rule = destinationRuleOf(traffic);
  const ruleAt = rule && { type: DESTINATION_RULES, namespace, name: rule.name };
  const services = [place.stableService, place.canaryService].map((name) => ({ type: SERVICES, namespace, name }));
  const unread = routersOf(place, place, '').map(({ reference }) => reference);
  const [ruled, pingPong, [first, second], objects, revisions] = await Promise.all([
    ruleAt && required(client, ruleAt),
    stableServiceOf(client, place, service),
    Promise.all(services.map((reference) => (rule ? client.get(reference) : required(client, reference)))),
    Promise.all(unread.map((reference) => required(client, reference))),
    known,
  ]);
  const roles = rolesOf(place, pingPong);
  const found = { [place.stableService]: first ?? null, [place.canaryService]: second ?? null };
  const subsets = rule && ruled && chosenBySubsets(ruled, rule);
  const host = subsets ? subsets.host : '';
  const side = (name: SideName): Side => {
    const own = name === 'stable' ? roles.stableService : roles.canaryService;
    const [shared = ''] = completed(host, namespace).split('.');
    const object = found[own];
    const byLabels = name === unpointed ? chosenOrLost : chosenByService;
    const byService: Chooser[] =
      object && !(subsets && own === shared)
        ? [{ reference: { type: SERVICES, namespace, name: own }, mark: marks.chosen, object, chosen: byLabels }]
        : [];
    const bySubset: Chooser[] =
      rule && ruled && ruleAt
        ? [{ reference: ruleAt, mark: marks[name], object: ruled, chosen: (now) => chosenBySubsets(now, rule)[name] }]
        : [];
    const [leading, ...rest] = [...bySubset, ...byService];
    if (!leading) throw notFound(client, { type: SERVICES, namespace, name: own });
    return { choosers: [leading, ...rest], service: subsets ? shared : own, isShared: Boolean(subsets) };
  };
  const routers = routersOf(place, roles, host).map((router, index): RouterView => {
    const object = objects[index] as KubernetesObject;
    return { router, object, splits: router.splits(object) };
  });
  const sides = { stable: side('stable'), canary: side('canary') };
  const shares = sharesOf(routers.flatMap(({ splits }) => splits));
  const standing = {
    stable: versionOf(keyOf(sides.stable), revisions),
    canary: versionOf(keyOf(sides.canary), revisions),
  };
  return { roles, sides, routers, shares, standing, revisions };
}

/** The revision whose pods a side chooses; `null`: those of all. */
export function keyOf({ choosers: [leading] }: Side): RevisionKey | null {
  return leading.chosen(leading.object).revision;
}

export function sameKey(one: RevisionKey | null, other: RevisionKey | null): boolean {
  return one?.label === other?.label && one?.value === other?.value;
}

/** All that choose for a side choose this revision: a failure between two of them leaves the others behind. */
export function chooses({ choosers }: Side, key: RevisionKey): boolean {
  return choosers.every(({ chosen, object }) => sameKey(chosen(object).revision, key));
}

/** Percent by version as the view shows it. A side that chooses pods of all revisions is theirs by their counts. */
export function weightsIn({ standing, shares, sides, revisions }: View): Readonly<Record<string, number>> {
  const { stable, canary } = standing;
  const anyOf = (side: SideName) => (keyOf(sides[side]) === null ? countedWeights(revisions) : {});
  const shareOf = (side: SideName, version: string | null) => (version === null ? anyOf(side) : { [version]: 100 });
  return standingWeights(shareOf('stable', stable), shareOf('canary', canary), shares.canary);
}

export function versionOf(key: RevisionKey | null, revisions: readonly RevisionPods[]): string | null {
  return revisions.find((revision) => sameKey(revision.key, key))?.version ?? null;
}

function rolesOf({ stableService, canaryService }: KubernetesPlace, pingPong: PingPong): RoleServices {
  return pingPong === 'pong'
    ? { stableService: canaryService, canaryService: stableService }
    : { stableService, canaryService };
}

export async function required(client: KubernetesClient, reference: ObjectReference): Promise<KubernetesObject> {
  const object = await client.get(reference);
  if (!object) throw notFound(client, reference);
  return object;
}

function notFound({ cluster }: KubernetesClient, { type, namespace, name }: ObjectReference): Error {
  return failure(
    {
      code: 'SHIPLOCK_KUBERNETES_NOT_FOUND',
      message: `there is no ${type.kind} ${name} in namespace ${namespace} of cluster ${cluster}`,
      mend: 'create it, or correct its name in the release file',
    },
    { retry: 'later' },
  );
}
