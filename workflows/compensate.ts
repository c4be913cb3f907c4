/** What undoes each recorded act, and how it is called. */
import { ApplicationFailure } from '@temporalio/workflow';
import { whereabouts } from '../src/plan/target.ts';
import { unbuilding, undo, undoWaiting } from './activities.ts';
import type { Release } from './control.ts';
import { endJobs } from './kubernetes-jobs.ts';
import { BUILD_TASK_QUEUE } from './messages.ts';
import { undoRoutes } from './routes.ts';
import type { Compensation } from './state.ts';
import { keyOf, shareOf } from './steps.ts';
import { isScaled, removeAborted, restoreScale } from './traffic.ts';

export async function compensate(release: Release, compensation: Compensation): Promise<void> {
  const { state, plan } = release;
  const { service } = plan;
  const at = whereabouts(plan);
  const { fence } = state;
  const title = titleOf(compensation);
  switch (compensation.kind) {
    case 'restoreTraffic': {
      const { weights } = compensation;
      if (isScaled(release)) await restoreScale(release, title);
      const key = keyOf(release, 'restore-traffic');
      const traffic = await undo(title).setWeights({ ...at, weights, fence, key, partial: true });
      state.weights = traffic.weights;
      return;
    }
    case 'removeRoutes':
      return undoRoutes(release, title);
    case 'removeRevision':
      return removeAborted(release, title, compensation.version);
    case 'restoreRoles':
      return undo(title).setRoles({ ...at, stable: compensation.stable, canary: null, fence });
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
    case 'restoreRollout':
      return restoreRollout(release, compensation);
    case 'endJobs':
      return endJobs(release, title);
    case 'stopMigration':
      await stopMigration(release, compensation.database, 'expand', titleOf(compensation));
      return;
    case 'restoreFlag': {
      const { key: flag, variant, definition, written } = compensation;
      const key = keyOf(release, `restore-${flag}`);
      const request = { service, flag, variant, definition, written, fence, key };
      const { outcome, state: now } = await undo(title).restoreFlag(request);
      if (outcome === 'drifted') {
        throw ApplicationFailure.nonRetryable(
          `${flag} now has ${shareOf(now)}, which this release did not write; it was left alone`,
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

/** The first look is short, so that what holds it up is soon known. */
const FIRST_LOOK_MS = 20_000;
const LATER_LOOKS_MS = 10 * 60_000;

/** Asks for the way back, and stays until the controller has gone it. */
async function restoreRollout(
  release: Release,
  { image, found, stable }: Compensation & { kind: 'restoreRollout' },
): Promise<void> {
  const { state, plan } = release;
  for (let deadlineMs = FIRST_LOOK_MS; ; deadlineMs = LATER_LOOKS_MS) {
    const { done, because, weights } = await undoWaiting(`rollout back to ${stable}`, deadlineMs).restoreRollout({
      ...whereabouts(plan),
      image,
      found,
      stable,
      fence: state.fence,
      deadlineMs,
      sinceMs: Date.now(),
    });
    state.weights = weights;
    if (done) return;
    const line = state.progress.findLast(({ state }) => state === 'running');
    if (line) line.because = because;
    release.changed();
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

export function titleOf(compensation: Compensation): string {
  switch (compensation.kind) {
    case 'restoreTraffic': {
      const share = Object.entries(compensation.weights).map(([version, weight]) => `${version} ${weight} %`);
      return `traffic back to ${share.join(', ') || 'nothing'}`;
    }
    case 'removeRoutes':
      return 'no header or mirror routes';
    case 'removeRevision':
      return `remove ${compensation.version}`;
    case 'restoreRoles':
      return `stable is ${compensation.stable ?? 'nothing'} again`;
    case 'restoreConfiguration':
      return `write ${compensation.from} back into ${compensation.edit.file.split('/').at(-1)}`;
    case 'restoreRollout':
      return `rollout back to ${compensation.stable}`;
    case 'endJobs':
      return 'no Job of a metric runs on';
    case 'stopMigration':
      return `stop what runs in database ${compensation.database}; what is done stays`;
    case 'restoreFlag':
      return `flag ${compensation.key} as it was`;
    default:
      return compensation satisfies never;
  }
}
