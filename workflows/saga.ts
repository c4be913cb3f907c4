/**
 * Going back: the recorded compensations, last first, each tried until it holds or a person skips it.
 */
import { ApplicationFailureCategory } from '@temporalio/common';
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  log,
  metricMeter,
  sleep,
  TemporalFailure,
} from '@temporalio/workflow';
import { unbuilding, undo } from './activities.ts';
import { GoBack, type Release } from './control.ts';
import { BUILD_TASK_QUEUE, type Progress } from './messages.ts';
import { type Compensation, type GoingBack, type ReleaseState, statusOf } from './state.ts';
import { keyOf, rootMessage } from './steps.ts';
import { tokenOf } from './token.ts';

/** An undo that takes longer than this is shown as stuck. */
const STUCK_AFTER_MS = 60_000;
/** While it is stuck, people are told again this often. */
const TELL_AGAIN_MS = 5 * 60_000;

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

/** Whatever was done after the traffic moved, users go back first: a flag that is stuck must not hold them. */
function trafficFirst(state: ReleaseState): void {
  const isTraffic = ({ kind }: Compensation): boolean => kind === 'restoreTraffic';
  state.undo = [...state.undo.filter((act) => !isTraffic(act)), ...state.undo.filter(isTraffic)];
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

async function compensate(release: Release, compensation: Compensation): Promise<void> {
  const { state, plan } = release;
  const { service } = plan;
  const { fence } = state;
  const title = titleOf(compensation);
  switch (compensation.kind) {
    case 'restoreTraffic': {
      const { weights } = compensation;
      const key = keyOf(release, 'restore-traffic');
      const traffic = await undo(title).setWeights({ service, weights, fence, key, partial: true });
      state.weights = traffic.weights;
      return;
    }
    case 'removeRevision':
      return undo(title).removeRevision({ service, version: compensation.version, fence });
    case 'restoreRoles':
      return undo(title).setRoles({ service, stable: compensation.stable, canary: null, fence });
    case 'restoreConfiguration': {
      const { edit, from, to } = compensation;
      const queue = state.buildQueue ?? BUILD_TASK_QUEUE;
      const written = await unbuilding(title, queue).writeConfiguration({ edit, from: to, to: from, fence });
      if (written.outcome === 'drifted') {
        throw ApplicationFailure.nonRetryable(
          `${edit.file} now holds "${written.found}", which this release did not write; it was left alone`,
        );
      }
      return;
    }
    case 'stopMigration':
      await stopMigration(release, compensation.database, 'expand', titleOf(compensation));
      return;
    case 'restoreFlag': {
      const { key: flag, variant, definition, written } = compensation;
      const key = keyOf(release, `restore-${flag}`);
      const request = { service, flag, variant, definition, written, fence, key };
      const { outcome, state: now } = await undo(title).restoreFlag(request);
      if (outcome === 'drifted') {
        const holds = now.percent === null ? 'another targeting' : `${now.percent} %`;
        throw ApplicationFailure.nonRetryable(
          `${flag} now has ${holds}, which this release did not write; it was left alone`,
        );
      }
      const shown = state.flags?.find((known) => known.key === flag);
      if (shown && now.percent !== null) shown.percent = now.percent;
      return;
    }
    default:
      return compensation satisfies never;
  }
}

/** Ends what still runs against the database, and records what is done and stays; returns the names of that. */
export async function stopMigration(
  release: Release,
  database: string,
  kind: 'expand' | 'contract',
  title: string,
): Promise<readonly string[]> {
  const { state, plan } = release;
  const names = plan.database?.[kind].map(({ name }) => name) ?? [];
  const key = keyOf(release, `stop-${kind}`);
  const { done } = await undo(title).stopMigration({ database, service: plan.service, names, fence: state.fence, key });
  const unsaid = done.filter((name) => !state.migrations?.some((known) => known.name === name));
  const because = 'done before it was stopped, and stays';
  const found = unsaid.map((name) => ({ kind, name, outcome: 'found' as const, because }));
  if (found.length > 0) state.migrations = [...(state.migrations ?? []), ...found];
  return done;
}

function titleOf(compensation: Compensation): string {
  switch (compensation.kind) {
    case 'restoreTraffic': {
      const share = Object.entries(compensation.weights).map(([version, weight]) => `${version} ${weight} %`);
      return `traffic back to ${share.join(', ') || 'nothing'}`;
    }
    case 'removeRevision':
      return `remove ${compensation.version}`;
    case 'restoreRoles':
      return `stable is ${compensation.stable ?? 'nothing'} again`;
    case 'restoreConfiguration':
      return `write ${compensation.from} back into ${compensation.edit.file.split('/').at(-1)}`;
    case 'stopMigration':
      return `stop what runs in database ${compensation.database}; what is done stays`;
    case 'restoreFlag':
      return `flag ${compensation.key} as it was`;
    default:
      return compensation satisfies never;
  }
}

/** "Rolled back" is claimed only when the platform says so itself. */
async function verify(release: Release): Promise<void> {
  const before = release.state.admission?.before;
  if (!before) return;
  const { service, version } = release.plan;
  const now = await undo('is everything as before?').describeWorkload({ service });
  const carried = version === before.stable ? 0 : (now.weights[version] ?? 0);
  if (carried > 0) throw ApplicationFailure.nonRetryable(`${version} still carries ${carried} % of the traffic`);
  if (now.stable !== before.stable) {
    throw ApplicationFailure.nonRetryable(`stable is ${now.stable ?? 'nothing'}, not ${before.stable ?? 'nothing'}`);
  }
  release.state.weights = now.weights;
}

/** Tries until the act holds; once it is stuck, also listens for `retry` and `skip`, and tells again and again. */
export async function insist(
  release: Release,
  title: string,
  act: () => Promise<void>,
  yields: () => boolean = never,
): Promise<boolean> {
  const number = release.state.progress.filter((line) => line.name.startsWith('undo-')).length + 1;
  const line: Progress = {
    name: `undo-${number}`,
    title,
    state: 'running',
    because: '',
    startedAt: new Date().toISOString(),
    endedAt: null,
  };
  release.state.progress.push(line);
  release.changed();
  let skipped: string | null = null;
  for (let attempt = 1; line.state === 'running' && skipped === null && !yields(); attempt += 1) {
    skipped = await attemptUndo(release, line, attempt, act, yields);
  }
  if (line.state === 'running') {
    line.state = 'skipped';
    line.because = skipped === null ? 'the whole release goes back, traffic first' : `skipped: ${skipped}`;
  }
  line.endedAt = new Date().toISOString();
  release.changed();
  return line.state === 'done' || skipped !== null;
}

/** One attempt; returns the reason when a person skipped it, else `null` (done, or to be tried again). */
async function attemptUndo(
  release: Release,
  line: Progress,
  attempt: number,
  act: () => Promise<void>,
  yields: () => boolean,
): Promise<string | null> {
  const scope = new CancellationScope();
  const clock = new CancellationScope();
  let problem: string | null = null;
  let over = false;
  const running = scope.run(act).then(
    () => {
      line.state = 'done';
      over = true;
    },
    (error: unknown) => {
      if (!(error instanceof Error)) throw error;
      problem = rootMessage(error);
      over = true;
    },
  );
  await Promise.race([
    running,
    clock.run(() => sleep(STUCK_AFTER_MS, { summary: `${line.title}: stuck` })).catch(nothing),
    ...(yields === never ? [] : [clock.run(() => condition(yields)).catch(nothing)]),
  ]);
  clock.cancel();
  if (line.state === 'done') return null;
  const answer = await askAboutStuck(
    release,
    line,
    attempt,
    () => problem ?? 'it does not get through',
    () => over,
    yields,
  );
  if (answer === null && !yields()) return null;
  scope.cancel();
  await running;
  return answer?.answer === 'skip' ? answer.reason : null;
}

async function askAboutStuck(
  release: Release,
  line: Progress,
  attempt: number,
  problem: () => string,
  over: () => boolean,
  yields: () => boolean,
): Promise<{ answer: string; reason: string } | null> {
  const { state, answers } = release;
  const token = tokenOf(release, attempt === 1 ? line.name : `${line.name}-${attempt}`);
  const stuck = metricMeter.createGauge('shiplock_release_compensation_stuck');
  const labels = { service: release.plan.service, environment: release.plan.environment };
  const done = () => (line.state as Progress['state']) === 'done';
  try {
    while (!answers.has(token) && !done() && !yields()) {
      line.because = problem();
      state.waiting = {
        kind: 'undo',
        token,
        prompt: `Stuck: ${line.title} (${problem()}). Try again, or skip it?`,
        accepts: ['retry', 'skip'],
        deadline: null,
        consequence: over() ? 'waits for a person' : 'is still being tried',
      };
      stuck.set(1, labels);
      log.warn('compensation stuck', { act: line.title, because: problem() });
      release.changed();
      await condition(() => answers.has(token) || done() || yields(), TELL_AGAIN_MS, {
        summary: `${line.title}: tell again`,
      });
    }
    return answers.get(token) ?? null;
  } finally {
    answers.delete(token);
    state.waiting = null;
    stuck.set(0, labels);
  }
}

function nothing(): void {}

function never(): boolean {
  return false;
}
