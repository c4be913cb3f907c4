import assert from 'node:assert/strict';
import type { Started } from '../../../src/client/index.ts';
import type { Engine } from './engine.ts';
import { until } from './index.ts';
import { type Update, updateOf } from './update.ts';

export interface Starting {
  /** The release file. */
  readonly file: string;
  readonly version: string;
  readonly ifBusy?: 'supersede';
}

/** Starts a release as soon as the one before it has closed. */
export async function startRelease({ shiplock }: Engine, starting: Starting): Promise<Update> {
  const started = await startWhenClosed(() => shiplock.start(starting));
  const firstRunId = started.kind === 'started' ? started.firstRunId : await shiplock.turn(started);
  assert.ok(firstRunId, `${starting.version} got no turn`);
  return updateOf(shiplock, started.id, starting.version, firstRunId);
}

/** An outcome may be seen a moment before the release has closed; until then its place is taken. */
async function startWhenClosed(start: () => Promise<Started>): Promise<Started> {
  const made = await until('the release before has closed', () =>
    start().then(
      (started) => ({ started }),
      (error: Error) => (/is in (ended|cleanup)$/.test(error.message) ? null : { error }),
    ),
  );
  if ('error' in made) throw made.error;
  return made.started;
}
