/** Following a Rollout while the release does something else, or nothing. */
import { CancellationScope } from '@temporalio/workflow';
import type { RolloutState } from '../../activities/rollout/port.ts';
import { whereabouts } from '../../src/plan/target.ts';
import { forward, waiting } from '../activities.ts';
import type { Release } from '../control.ts';
import type { RolloutProgress } from './progress.ts';

/** One activity follows for so long; a worker that goes away is noticed by its heartbeat much sooner. */
const SLICE_MS = 10 * 60_000;

export interface Watch {
  /** Nothing is seen any more. */
  readonly failed: () => boolean;
  /** @throws why it failed */
  check(): void;
  stop(): Promise<void>;
  /** Writes, and looks at what became of it: what was seen before that counts no more. */
  around(write: () => Promise<unknown>): Promise<void>;
}

/** Keeps `state.rollout` up to date until it is stopped. */
export function watchRollout(release: Release): Watch {
  let failure: unknown = null;
  let running = start();

  function start(): { stop(): Promise<void> } {
    const scope = new CancellationScope();
    let stopped = false;
    const ended = scope
      .run(async () => {
        while (!stopped) take(release, await change(release));
      })
      .catch((error: unknown) => {
        if (!stopped) failure = error;
      });
    return {
      stop: async () => {
        stopped = true;
        scope.cancel();
        await ended;
      },
    };
  }

  return {
    failed: () => failure !== null,
    check: () => {
      if (failure !== null) throw failure;
    },
    stop: () => running.stop(),
    around: async (write) => {
      await running.stop();
      await write();
      await lookAgain(release);
      running = start();
    },
  };
}

function change(release: Release): Promise<RolloutState> {
  const { name, seen } = rolloutOf(release);
  const request = { ...whereabouts(release.plan), mark: seen.mark, deadlineMs: SLICE_MS, sinceMs: Date.now() };
  return waiting(`rollout ${name}`, SLICE_MS).awaitRolloutChange(request);
}

export async function lookAgain(release: Release): Promise<void> {
  const { name } = rolloutOf(release);
  take(release, await forward(`look at rollout ${name}`).describeRollout(whereabouts(release.plan)));
}

function take(release: Release, seen: RolloutState): void {
  const progress = rolloutOf(release);
  if (seen.mark !== progress.seen.mark) progress.since = Date.now();
  progress.seen = seen;
  release.state.weights = seen.weights;
  release.changed();
}

export function rolloutOf({ state }: Release): RolloutProgress {
  if (!state.rollout) throw new TypeError('the rollout was not looked at');
  return state.rollout;
}
