import { failure } from '../../failure.ts';
import { fenceOf, type KubernetesObject, overtaken } from '../../kubernetes/index.ts';
import { choose, type RevisionKey } from './chosen.ts';
import { drifted, isOfThisRelease, keyFrom, shownKey, sideDrift, weightDrift } from './drift.ts';
import { markOf, markOperations } from './marks.ts';
import type { Session } from './session.ts';
import { type Chooser, type RouterView, type SideName, sameKey, type View } from './view.ts';

/**
 * Gives the canary's side this share in every route of every object, and waits until the routers have taken it.
 *
 * @param beside what is done once it is written, while the routers take it
 * @throws SHIPLOCK_KUBERNETES_DRIFT, SHIPLOCK_KUBERNETES_ROUTER; SHIPLOCK_KUBERNETES_OVERTAKEN where another attempt
 *   wrote other weights since they were read (all retried)
 */
export async function giveShare(
  session: Session,
  { routers }: View,
  percent: number,
  beside: () => Promise<void> = async () => undefined,
): Promise<Given> {
  const { marks, writer, overwrites } = session;
  const written = await Promise.all(
    routers.map(async ({ router, object }): Promise<RouterView> => {
      const now = await writer.patch(
        router.reference,
        (current: KubernetesObject) => {
          const weight = markOf(current, marks.weight);
          const isOurs = fenceOf(current, marks.fence) === writer.fence;
          const isAsSeen = weight === markOf(object, marks.weight) || weight === `${percent}`;
          if (isOurs && !isAsSeen) throw overtaken(router.reference);
          const splits = router.splits(current);
          const drift = weightDrift(current, splits, { marks, fence: writer.fence, wanted: percent });
          if (drift !== '' && !overwrites) throw drifted(drift);
          const weights = router.weights(splits, percent);
          const isNew = weights.length > 0 || markOf(current, marks.since) === undefined;
          const since = isNew && { [marks.since]: new Date().toISOString() };
          return [...weights, ...markOperations(current, { [marks.weight]: `${percent}`, ...since })];
        },
        object,
      );
      return { router, object: now, splits: router.splits(now) };
    }),
  );
  const times = written.map(({ object }) => Date.parse(markOf(object, marks.since) ?? ''));
  const [accepted] = await Promise.all([confirm(session, written, routers), beside()]);
  return { accepted, sinceMs: Math.max(...times) };
}

export interface Given {
  /** All routers said themselves that they have it. */
  readonly accepted: boolean;
  /** Epoch milliseconds: when the last of the weights was written. */
  readonly sinceMs: number;
}

/** @returns true where every router said that it has the object as it is now */
export async function confirm(
  { client, until }: Session,
  written: readonly RouterView[],
  before: readonly RouterView[],
): Promise<boolean> {
  const verdicts = await Promise.all(
    written.map(async ({ router, object: first }, index) => {
      const former = before[index]?.object;
      let object: KubernetesObject | null = first;
      let last = router.acceptance(first, former);
      await until(async () => {
        if (last.verdict === 'accepted' || last.verdict === 'silent') return last;
        object = await client.get(router.reference);
        if (object) last = router.acceptance(object, former);
        return last.verdict === 'accepted' || last.verdict === 'silent' ? last : null;
      });
      return { ...last, what: `${router.reference.type.kind} ${router.reference.name}` };
    }),
  );
  const open = verdicts.find(({ verdict }) => verdict === 'refused') ?? verdicts.find(isWaiting);
  if (open)
    throw failure(
      {
        code: 'SHIPLOCK_KUBERNETES_ROUTER',
        message: `${open.what}: ${open.because}`,
        mend: 'its weights are written; they count once the router has taken them',
      },
      { retry: 'later' },
    );
  return verdicts.length > 0 && verdicts.every(({ verdict }) => verdict === 'accepted');
}

function isWaiting({ verdict }: { readonly verdict: string }): boolean {
  return verdict === 'waiting';
}

/** Lets a side choose the pods of this revision. */
export async function point(session: Session, { sides }: View, name: SideName, key: RevisionKey): Promise<void> {
  for (const chooser of sides[name].choosers) await pointOne(session, chooser, key);
}

/** What somebody else let a side choose since this release wrote it; `''`: nobody did. */
export function driftOf(
  { marks, writer }: Session,
  { sides }: View,
  name: SideName,
  wanted: RevisionKey | null = null,
): string {
  for (const { reference, object, mark, chosen } of sides[name].choosers) {
    const what = `the ${name} side of ${reference.type.kind} ${reference.name}`;
    const now = { what, chosen: chosen(object).revision, mark };
    const drift = sideDrift(object, now, { marks, fence: writer.fence, wanted });
    if (drift !== '') return drift;
  }
  return '';
}

/**
 * Makes stalled writes of earlier numbers to the sides fail, and looks whether somebody else moved one.
 *
 * @param watched the sides whose drift matters
 * @throws SHIPLOCK_KUBERNETES_DRIFT (retried); SHIPLOCK_KUBERNETES_CONFLICT (retried) where a side is no longer as it
 *   was looked at: what was worked out from that is worth nothing
 */
export async function holdSides(
  session: Session,
  view: View,
  wanted: Readonly<Partial<Record<SideName, RevisionKey>>>,
  watched: readonly SideName[] = SIDES,
): Promise<void> {
  const { marks, writer, overwrites } = session;
  for (const name of overwrites ? [] : watched) {
    const drift = driftOf(session, view, name, wanted[name]);
    if (drift !== '') throw drifted(drift);
  }
  const all = SIDES.flatMap((name) => view.sides[name].choosers);
  const behind = all.filter(({ object }) => fenceOf(object, marks.fence) !== writer.fence);
  const objects = new Map(behind.map(({ reference, object }) => [object, reference]));
  await Promise.all(
    [...objects].map(async ([object, reference]) => {
      const there = all.filter((chooser) => chooser.object === object);
      const held = await writer.patch(
        reference,
        (current: KubernetesObject) => {
          if (isOfThisRelease(current, marks, writer.fence)) return [];
          // What is there when a release begins is what it begins with.
          const marked = there.map(({ mark, chosen }) => [mark, shownKey(chosen(current).revision)]);
          return markOperations(current, Object.fromEntries(marked));
        },
        object,
      );
      const isAsSeen = there.every(({ chosen }) => sameKey(chosen(held).revision, chosen(object).revision));
      if (!isAsSeen) throw movedMeanwhile(`${reference.type.kind} ${reference.name}`);
    }),
  );
}

const SIDES: readonly SideName[] = ['stable', 'canary'];

function movedMeanwhile(what: string): Error {
  const message = `${what} was let choose other pods at the same moment`;
  return failure({ code: 'SHIPLOCK_KUBERNETES_CONFLICT', message }, { retry: 'later' });
}

/** What this release had a side choose before somebody else changed it; `null`: nobody did. */
export function chosenBefore({ marks, writer }: Session, { sides }: View, name: SideName): RevisionKey | null {
  const [{ object, mark, chosen }] = sides[name].choosers;
  const written = markOf(object, mark);
  if (written === undefined || !isOfThisRelease(object, marks, writer.fence)) return null;
  if (written === shownKey(chosen(object).revision)) return null;
  return keyFrom(written);
}

async function pointOne({ writer }: Session, chooser: Chooser, key: RevisionKey): Promise<void> {
  await writer.patch(chooser.reference, (current: KubernetesObject) => [
    ...choose(chooser.chosen(current), key),
    ...markOperations(current, { [chooser.mark]: shownKey(key) }),
  ]);
}
