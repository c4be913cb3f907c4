import { failure } from '../../failure.ts';
import type { MoveStableRequest, RevisionPods } from '../../kubernetes/index.ts';
import { awaitCarrying, factsOf, notReady } from './carrying.ts';
import { NOBODY } from './chosen.ts';
import { alternates, writeStableService } from './ping-pong.ts';
import type { Session } from './session.ts';
import { chooseNobody, revisionNamed } from './set-weights.ts';
import { chooses, keyOf, sameKey, type View, viewTraffic } from './view.ts';
import { confirm, driftOf, giveShare, holdSides, point } from './writes.ts';

/** See `MoveStable` of `activities/kubernetes`. The traffic is looked at once, and again where some of it was moved. */
export async function moveStable(
  session: Session,
  { stable, canary, revisions }: Pick<MoveStableRequest, 'stable' | 'canary' | 'revisions'>,
): Promise<void> {
  const { client, place, service, writer } = session;
  const look = () => viewTraffic(client, place, service, revisions);
  await writer.raise();
  const view = await look();
  const preview = revisions.find(({ version }) => version === canary);
  // Without traffic and a revision of its own, what the canary's side chooses is nobody's concern but ours.
  const isIdle = canary === null && isUnused(view);
  const strayed = isIdle && driftOf(session, view, 'canary') !== '';
  const watched = isIdle ? (['stable'] as const) : undefined;
  let seen: View | null = view;
  if (stable === null) {
    await holdSides(session, view, {}, watched);
    await chooseNobody(session, view);
  } else {
    const { key } = revisionNamed(revisions, stable);
    await holdSides(session, view, { stable: key }, watched);
    if (keyOf(view.sides.stable) === null) await pin(session, view, stable);
    else if (!sameKey(keyOf(view.sides.stable), key)) seen = await follow(session, view, stable);
    else {
      if (!chooses(view.sides.stable, key)) await point(session, view, 'stable', key);
      if (sameKey(keyOf(view.sides.canary), key)) seen = await settle(session, view, stable);
    }
  }
  if (preview && preview.version !== stable) await showPreview(session, seen ?? (await look()), preview);
  if (stable !== null && canary === null && (strayed || leadsNowhere(view)))
    await leadToStable(session, seen ?? (await look()), stable);
}

/** The Service chose the pods of all revisions: from now on those of the version that it serves. */
async function pin(session: Session, view: View, stable: string): Promise<void> {
  const { version, key, ...counts } = revisionNamed(view.revisions, stable);
  const facts = await factsOf(session, view.sides.stable, { version, key, ...counts });
  if (facts.ready === 0 && facts.others > 0)
    throw carries(`${facts.service} leads to ${facts.others} pods, and to none of ${stable}`);
  await point(session, view, 'stable', key);
}

/** All traffic is the canary side's already: the stable one chooses the same, without any, and then has it all. */
async function follow(session: Session, view: View, stable: string): Promise<View | null> {
  const { place } = session;
  const { key } = revisionNamed(view.revisions, stable);
  const isServed = sameKey(keyOf(view.sides.canary), key) && view.shares.canary.every((share) => share === 100);
  if (!isServed && (await reaches(session, view)))
    throw carries(`${view.roles.stableService} still serves ${view.standing.stable ?? 'another revision'}`);
  if (isServed) await confirm(session, view.routers, view.routers);
  // After a first release ping is the stable one, as with Argo.
  if (isServed && alternates(place) && !sameKey(keyOf(view.sides.stable), NOBODY)) {
    const isPing = view.roles.stableService === place.stableService;
    await writeStableService(session.writer, isPing ? 'pong' : 'ping');
    return null;
  }
  await point(session, view, 'stable', key);
  return settle(session, view, stable);
}

/** Both sides choose the same version: all of it is the stable one's. `null`: what was seen is so no more. */
async function settle(session: Session, view: View, stable: string): Promise<View | null> {
  if (isUnused(view)) return view;
  const why = await awaitCarrying(session, view.sides.stable, revisionNamed(view.revisions, stable), 100);
  if (why !== '') throw notReady(why);
  await giveShare(session, view, 0);
  return null;
}

/** A canary without traffic can be looked at through its Service before it gets any. */
async function showPreview(session: Session, view: View, { key }: RevisionPods): Promise<void> {
  if (chooses(view.sides.canary, key) || !isUnused(view)) return;
  await confirm(session, view.routers, view.routers);
  await point(session, view, 'canary', key);
}

function isUnused({ shares }: View): boolean {
  return shares.canary.every((share) => share === 0);
}

function leadsNowhere({ sides, revisions }: View): boolean {
  const chosen = keyOf(sides.canary);
  return chosen !== null && !revisions.some(({ key }) => sameKey(key, chosen));
}

/** As with Argo after an abort: a Service without endpoints would break whoever asks it. */
async function leadToStable(session: Session, view: View, stable: string): Promise<void> {
  if (!isUnused(view)) return;
  await point(session, view, 'canary', revisionNamed(view.revisions, stable).key);
}

/** Whether requests that are sent to the stable side arrive anywhere. */
async function reaches(session: Session, view: View): Promise<boolean> {
  const [revision] = view.revisions;
  if (!revision) return false;
  const { ready, others } = await factsOf(session, view.sides.stable, revision);
  return ready + others > 0;
}

function carries(because: string): Error {
  return failure(
    { code: 'SHIPLOCK_KUBERNETES_CARRIES_TRAFFIC', message: because, mend: 'move the traffic away first' },
    { retry: 'later' },
  );
}
