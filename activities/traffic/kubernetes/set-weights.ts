import { carriedWeights } from '../../../src/rollout/carried-weights.ts';
import { failure } from '../../failure.ts';
import { listRevisions, type RevisionPods } from '../../kubernetes/index.ts';
import type { SetWeightsRequest, TrafficState } from '../port.ts';
import { carriedPercent } from './capacity.ts';
import { awaitCarrying, factsOf, notReady, type Reach, reachOf, whyNotCarried } from './carrying.ts';
import { NOBODY, type RevisionKey } from './chosen.ts';
import { awaitObserved } from './observed.ts';
import { plannedMove } from './planned-move.ts';
import type { Session } from './session.ts';
import { chooses, keyOf, sameKey, type View, versionOf, viewTraffic, weightsIn } from './view.ts';
import { chosenBefore, giveShare, holdSides, point } from './writes.ts';

type Asked = Pick<SetWeightsRequest, 'weights' | 'partial'>;

/**
 * Moves the traffic. In this order: older writers are shut out; what the canary's side is to choose it chooses without
 * any traffic; what gets more traffic shows that it carries it; then the weights.
 *
 * On the way back users come first: where both sides choose what they should, the weights are written while older
 * writers are being shut out. Should one of those have moved a side in between, that shows then, and all is looked at
 * again.
 */
export async function setWeights(session: Session, { weights, partial = false }: Asked): Promise<TrafficState> {
  const { client, place, service } = session;
  // The way back to the stable side needs nothing of the other one.
  const unpointed = session.overwrites ? 'canary' : null;
  const { looked, raised } = session.writer.raising();
  const [lease, seen, reach] = await Promise.all([
    partial ? looked : raised,
    viewTraffic(client, place, service, listRevisions(client, place, service), unpointed),
    reachOf(session),
  ]);
  const { revisions } = seen;
  let view = seen;
  const former = session.overwrites ? chosenBefore(session, view, 'stable') : null;
  const stable =
    (former ? versionOf(former, revisions) : view.standing.stable) ?? unpinnedStable(view, weights, lease.stable);
  const move = plannedMove({ ...view.standing, stable }, weights);
  if (move.kind === 'refused') throw invalid(move.because);
  if (move.kind === 'silence') {
    await raised;
    return serveNobody(session, view);
  }
  const canary = move.canary === null ? null : revisionNamed(revisions, move.canary);
  const given = { percent: move.percent, stable, canary: move.canary, weights, partial };
  const hold = async () => {
    await raised;
    await holdSides(session, seen, canary ? { canary: canary.key } : {});
  };
  const isChosen = !canary || chooses(view.sides.canary, canary.key);
  const served = keyOf(view.sides.stable);
  if (partial && isChosen && former === null && served !== null && chooses(view.sides.stable, served))
    return give(session, view, { ...given, reach, beside: hold });
  await hold();
  view = await mendStable(session, view, { stable, former });
  if (canary && !chooses(view.sides.canary, canary.key)) {
    if (!sameKey(keyOf(view.sides.canary), canary.key)) await clearCanary(session, view);
    await point(session, view, 'canary', canary.key);
    view = await viewTraffic(client, place, service, revisions);
  }
  return give(session, view, { ...given, reach: view === seen ? reach : null });
}

/** A Service that chooses the pods of all revisions is the stable version's: that of the lease, or the only one asked for. */
function unpinnedStable(
  { sides }: View,
  weights: Readonly<Record<string, number>>,
  leased: string | null,
): string | null {
  if (keyOf(sides.stable) !== null) return null;
  const asked = Object.keys(weights);
  if (leased !== null && asked.includes(leased)) return leased;
  return asked.length === 1 ? (asked[0] ?? null) : null;
}

/** The stable side chooses the stable version alone before anything is split beside it. */
async function mendStable(
  session: Session,
  view: View,
  { stable, former }: { readonly stable: string | null; readonly former: RevisionKey | null },
): Promise<View> {
  const { client, place, service } = session;
  const { revisions } = view;
  const known = revisions.find(({ version }) => version === stable);
  const key = former ?? keyOf(view.sides.stable) ?? known?.key ?? null;
  if (key === null || chooses(view.sides.stable, key)) return view;
  await point(session, view, 'stable', key);
  return viewTraffic(client, place, service, revisions);
}

/** What still goes to the canary's side goes to the stable one before it chooses something else. */
async function clearCanary(session: Session, view: View): Promise<void> {
  if (view.shares.canary.every((share) => share === 0 || share === null)) return;
  const { stable } = view.standing;
  if (stable === null)
    throw notReady(
      `${view.roles.canaryService} has traffic and cannot be moved: ${view.roles.stableService} leads nowhere`,
    );
  const why = await awaitCarrying(session, view.sides.stable, revisionNamed(view.revisions, stable), 100);
  if (why !== '') throw notReady(why);
  await giveShare(session, view, 0);
}

interface Given extends Required<Asked> {
  readonly percent: number;
  readonly stable: string | null;
  readonly canary: string | null;
  /** What was seen of where requests go; `null`: something was moved since. */
  readonly reach: Reach | null;
  /** What is done once weights are written. */
  readonly beside?: () => Promise<void>;
}

async function give(session: Session, view: View, given: Given): Promise<TrafficState> {
  const { percent, weights, partial, beside } = given;
  const why = await whyNot(session, view, given);
  if (why === '') {
    const { accepted, sinceMs } = await giveShare(session, view, percent, beside);
    const shown = !partial && (await awaitObserved(session, view, { percent, sinceMs }));
    return { weights: sorted(weights), verified: accepted || shown };
  }
  if (!partial) throw notReady(why);
  const carried = await carriedShare(session, view, given);
  await giveShare(session, view, carried, beside);
  throw notReady(`${why}; the canary's side has ${carried} % for now`);
}

/** Which sides would have more than they have now, and of which version. */
function growing(view: View, { percent, stable, canary }: Given) {
  const shares = view.shares.canary.map((share) => share ?? Number.NaN);
  const grows = [];
  if (canary !== null && shares.some((share) => !(share >= percent)))
    grows.push({ side: view.sides.canary, revision: revisionNamed(view.revisions, canary), percent });
  if (stable !== null && shares.some((share) => !(share <= percent)))
    grows.push({ side: view.sides.stable, revision: revisionNamed(view.revisions, stable), percent: 100 - percent });
  return grows;
}

/** Going forward it is waited for a while. */
async function whyNot(session: Session, view: View, given: Given): Promise<string> {
  const { partial, reach } = given;
  for (const { side, revision, percent } of growing(view, given)) {
    const why = partial
      ? await whyNotCarried(session, side, revision, { percent, reach })
      : await awaitCarrying(session, side, revision, percent, reach);
    if (why !== '') return why;
  }
  return '';
}

/** Percent for the canary's side, where the growing side is short. */
async function carriedShare(session: Session, view: View, { stable, canary, weights }: Given): Promise<number> {
  const { sides, revisions, standing } = view;
  const other = canary ?? standing.canary;
  const carries = async (side: 'stable' | 'canary', version: string | null) => {
    const revision = revisions.find((candidate) => candidate.version === version);
    return revision ? carriedPercent(await factsOf(session, sides[side], revision)) : 0;
  };
  const capacity = { [stable ?? '']: await carries('stable', stable), [other ?? '']: await carries('canary', other) };
  const current = weightsIn(view);
  return carriedWeights(current, weights, capacity)[other ?? ''] ?? 0;
}

/** Only to undo a first release: both sides choose nobody, so never while another revision could serve. */
async function serveNobody(session: Session, view: View): Promise<TrafficState> {
  const { client, place, service } = session;
  const carrying = Object.keys(weightsIn(view));
  const others = view.revisions.filter(({ version }) => !carrying.includes(version));
  if (carrying.length > 1 || (carrying.length === 1 && others.length > 0)) {
    const named = [...carrying, ...others.map(({ version }) => version)].join(', ');
    throw invalid(`no weights would serve nothing although there are ${named}`);
  }
  await holdSides(session, view, { stable: NOBODY });
  await chooseNobody(session, view);
  await giveShare(session, await viewTraffic(client, place, service, view.revisions), 0);
  return { weights: {}, verified: false };
}

/** @throws SHIPLOCK_KUBERNETES_SERVICE (not retried) where the Service leads to pods that no revision owns */
export async function chooseNobody(session: Session, view: View): Promise<void> {
  const { sides, revisions } = view;
  if (chooses(sides.stable, NOBODY)) return;
  if (keyOf(sides.stable) === null) {
    const all = await Promise.all(revisions.map((revision) => factsOf(session, sides.stable, revision)));
    const [any] = all.length > 0 ? all : [await factsOf(session, sides.stable, NONE)];
    const ready = all.reduce((sum, facts) => sum + facts.ready, 0);
    const reached = (any?.ready ?? 0) + (any?.others ?? 0);
    if (reached > ready)
      throw failure(
        {
          code: 'SHIPLOCK_KUBERNETES_SERVICE',
          message: `Service ${sides.stable.service} leads to ${reached - ready} ready pods that no revision of ${session.service} owns`,
          mend: 'name what runs them under adopts, or let the Service choose other labels',
        },
        { retry: 'never' },
      );
  }
  await point(session, view, 'stable', NOBODY);
}

const NONE: RevisionPods = { version: '', key: NOBODY, replicas: 0, ready: 0 };

export function revisionNamed(revisions: readonly RevisionPods[], wanted: string): RevisionPods {
  const found = revisions.find(({ version }) => version === wanted);
  if (!found) throw notReady(`there is no revision ${wanted}`);
  return found;
}

function invalid(because: string): Error {
  return failure({ code: 'SHIPLOCK_KUBERNETES_REQUEST', message: because }, { retry: 'never' });
}

/** Versions in a fixed order, those without a share left out: the same weights are always the same value. */
function sorted(weights: Readonly<Record<string, number>>): Record<string, number> {
  const shares = Object.entries(weights).filter(([, weight]) => weight > 0);
  return Object.fromEntries(shares.sort(([left], [right]) => (left < right ? -1 : 1)));
}
