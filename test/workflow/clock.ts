/** Keeps the test server's clock skipping. */
import { setTimeout } from 'node:timers/promises';
import type { SkippingTemporal } from '../fixtures/temporal.ts';
import type { World } from './world.ts';

const LOOK_MS = 1_000;
/** Looks in a row that must find the clock at real pace with nothing under way. */
const LOOKS = 5;

/**
 * The test server counts locks on its clock: one for each task under way, one of its own while nobody waits for the
 * clock. It sometimes forgets to take one back, as where a timer is cancelled in the moment it fires; the clock then
 * goes no faster than any other, and a release of two hours takes them. So while somebody waits for the clock, no
 * activity runs, and it still goes at real pace, the forgotten lock is taken back. The server refuses that where
 * nothing is locked, so one too many does no harm.
 *
 * Returns the world's activities, to be given to the workers in their place, and what ends the watch.
 */
export function watchClock(env: SkippingTemporal, world: World) {
  let waiting = 0;
  let running = 0;
  const during = <A extends unknown[], R>(count: (by: number) => void, act: (...args: A) => R | Promise<R>) => {
    return async (...args: A): Promise<R> => {
      count(1);
      try {
        return await act(...args);
      } finally {
        count(-1);
      }
    };
  };
  const waits = (by: number) => {
    waiting += by;
  };
  const runs = (by: number) => {
    running += by;
  };

  const { workflow } = env.client;
  workflow.result = during(waits, workflow.result.bind(workflow)) as typeof workflow.result;
  env.sleep = during(waits, env.sleep.bind(env));
  const activities = Object.fromEntries(
    Object.entries(world.activities).map(([name, act]) => [name, during(runs, act as () => unknown)]),
  );

  let before: number | undefined;
  let slow = 0;
  const look = async () => {
    const now = await env.currentTimeMs();
    const atRealPace = before !== undefined && now - before < 2 * LOOK_MS;
    slow = waiting > 0 && running === 0 && atRealPace ? slow + 1 : 0;
    before = now;
    if (slow < LOOKS) return;
    slow = 0;
    await env.unlock();
    process.stderr.write('the test server had forgotten a lock on its clock: taken back\n');
  };
  const ended = new AbortController();
  const watch = async () => {
    while (!ended.signal.aborted) {
      await setTimeout(LOOK_MS, undefined, { signal: ended.signal });
      // That an unlock is refused, or a look cut off by the end, says nothing about the test.
      await look().catch(() => {});
    }
  };
  watch().catch(() => {});
  return { activities, stop: () => ended.abort() };
}
