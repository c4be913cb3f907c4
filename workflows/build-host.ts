/** Gates and files share a working copy, so one host does all of a release's building, until it is lost. */
import { ActivityFailure, TimeoutFailure } from '@temporalio/workflow';
import { building } from './activities.ts';
import type { Release } from './control.ts';
import { BUILD_TASK_QUEUE } from './messages.ts';

const CLAIM_TIMEOUT_MS = 10_000;

/** The queue of this release's build host; any host that answers first becomes it. */
export async function buildHost(release: Release): Promise<string> {
  const { state, input } = release;
  if (state.buildQueue === null) {
    const anyHost = building('a build host', input.buildQueue ?? BUILD_TASK_QUEUE, CLAIM_TIMEOUT_MS);
    state.buildQueue = (await anyHost.claimBuildHost()).taskQueue;
  }
  return state.buildQueue;
}

/** A lost build host is replaced by itself this often. */
const HOSTS_TRIED = 3;

/** Does something on this release's build host, or on the next one where that is lost. */
export async function onBuildHost<T>(release: Release, act: (taskQueue: string) => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await act(await buildHost(release));
    } catch (error) {
      if (!(error instanceof ActivityFailure) || !giveUpLostHost(release, error) || tried === HOSTS_TRIED) throw error;
    }
  }
}

/** Whether the work failed because nobody took it up: then the next one asks for another host. */
export function giveUpLostHost(release: Release, error: ActivityFailure): boolean {
  const lost = error.cause instanceof TimeoutFailure && error.cause.timeoutType === 'SCHEDULE_TO_START';
  if (lost) release.state.buildQueue = null;
  return lost;
}
