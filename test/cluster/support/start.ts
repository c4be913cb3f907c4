import assert from 'node:assert/strict';
import type { Engine } from './engine.ts';
import { type Update, updateOf } from './update.ts';

export interface Starting {
  /** The release file. */
  readonly file: string;
  readonly version: string;
  readonly ifBusy?: 'supersede';
}

/** Starts a release, and waits for its turn. */
export async function startRelease({ shiplock }: Engine, starting: Starting): Promise<Update> {
  const started = await shiplock.start(starting);
  const firstRunId = started.kind === 'started' ? started.firstRunId : await shiplock.turn(started);
  assert.ok(firstRunId, `${starting.version} got no turn`);
  return updateOf(shiplock, started.id, starting.version, firstRunId);
}
