/**
 * Going back: the recorded compensations, last first, each tried until it holds or a person skips it.
 */
import { ApplicationFailureCategory } from '@temporalio/common';
import { ActivityFailure, ApplicationFailure, TemporalFailure } from '@temporalio/workflow';
import { whereabouts } from '../src/plan/target.ts';
import { undo } from './activities.ts';
import { compensate, titleOf } from './compensate.ts';
import { GoBack, type Release } from './control.ts';
import { insist, never } from './insist.ts';
import { type Compensation, type GoingBack, type ReleaseState, statusOf } from './state.ts';
import { rootMessage } from './steps.ts';

/**
 * Undoes what was done and ends the workflow as failed, with a reason of the benign category. Runs outside the
 * cancelled scope.
 *
 * @throws ApplicationFailure of type `RolledBack` or `Rejected`; its detail is the release's last status.
 */
export async function goBack(release: Release, error: unknown): Promise<never> {
  const { state } = release;
  await refuseAtTheDoor(release, error);
  release.abort(reasonOf(error));
  const reason = state.goingBack ?? reasonOf(error);
  state.phase = 'undoing';
  state.outcome = null;
  state.because = reason.because;
  release.changed();
  trafficFirst(state);
  await undoDownTo(release, 0);
  if (state.admission) await insist(release, 'verify that everything is as before', () => verify(release));
  state.outcome = reason.outcome;
  state.because = reason.because;
  throw ApplicationFailure.create({
    message: reason.because,
    type: reason.outcome === 'rejected' ? 'Rejected' : 'RolledBack',
    nonRetryable: true,
    category: ApplicationFailureCategory.BENIGN,
    details: [await release.end()],
  });
}

/** What moves users, the one that is undone first last. */
const USERS: readonly Compensation['kind'][] = ['removeRoutes', 'restoreTraffic', 'restoreRollout'];

/** Nothing that moved them is left to be undone. */
export function usersAreBack({ undo: acts }: ReleaseState): boolean {
  return !acts.some(({ kind }) => USERS.includes(kind));
}

/** Whatever was done after the traffic moved, users go back first: a flag that is stuck must not hold them. */
function trafficFirst(state: ReleaseState): void {
  const others = state.undo.filter(({ kind }) => !USERS.includes(kind));
  state.undo = [...others, ...USERS.flatMap((moves) => state.undo.filter(({ kind }) => kind === moves))];
}

/** Undoes, last first, until only so many of the recorded acts are left; gives up its turn when `yields` holds. */
export async function undoDownTo(release: Release, left: number, yields: () => boolean = never): Promise<void> {
  const { undo: acts } = release.state;
  for (let act = acts.at(-1); act && acts.length > left && !yields(); act = acts.at(-1)) {
    const next = act;
    const done = await insist(release, titleOf(next), () => compensate(release, next), yields);
    if (done) acts.pop();
  }
}

/** A plan that is not admitted has done nothing: the release fails with the reason of the admission. */
async function refuseAtTheDoor(release: Release, error: unknown): Promise<void> {
  if (release.state.admission || release.state.goingBack || !(error instanceof ActivityFailure)) return;
  const cause = error.cause;
  release.state.because = rootMessage(error);
  await release.end();
  throw ApplicationFailure.create({
    message: release.state.because,
    type: (cause instanceof ApplicationFailure && cause.type) || 'SHIPLOCK_ADMISSION_FAILED',
    nonRetryable: true,
    details: [statusOf(release.plan, release.state)],
  });
}

export function reasonOf(error: unknown): GoingBack {
  if (error instanceof GoBack) return error.reason;
  if (error instanceof TemporalFailure) return { outcome: 'rolledBack', because: rootMessage(error) };
  // Not a failure of the world but of this code: the task fails, and a mended worker goes on from here.
  throw error;
}

/** "Rolled back" is claimed only when the platform says so itself. */
async function verify(release: Release): Promise<void> {
  const before = release.state.admission?.before;
  if (!before) return;
  const { version } = release.plan;
  const now = await undo('is everything as before?').describeWorkload(whereabouts(release.plan));
  const carried = version === before.stable ? 0 : (now.weights[version] ?? 0);
  if (carried > 0) throw ApplicationFailure.nonRetryable(`${version} still carries ${carried} % of the traffic`);
  // What had yet to come to rest when it was found, a controller goes on with by itself.
  const cameToRest = before.stable === null && release.state.rollout !== undefined && now.stable !== version;
  if (now.stable !== before.stable && !cameToRest) {
    throw ApplicationFailure.nonRetryable(`stable is ${now.stable ?? 'nothing'}, not ${before.stable ?? 'nothing'}`);
  }
  release.state.weights = now.weights;
}
