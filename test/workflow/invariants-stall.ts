/** A worker that stalls in a call and wakes too late. */
import { AssertionError } from 'node:assert';
import type { Plan } from '../../src/plan/plan.ts';
import type { ReleaseHandle } from './environment.ts';
import { type Call, type Ended, endOf, type Scene } from './invariants-scenes.ts';

export interface Stalled {
  readonly handle: ReleaseHandle;
  readonly ended: Ended;
  /** The call that was held. */
  readonly call: Call;
  /** How it ended: `done`, or the type of its failure. */
  readonly late: string;
}

/** The way back takes milliseconds when it waits for nothing. */
const PATIENCE_MS = 20_000;

/**
 * Runs a release in which one call is held, before or after its effect, while `disturb` aborts the release. It goes on
 * when everything is undone, just before the release looks whether all is as before.
 */
export async function stallIn(
  scene: Scene,
  plan: Plan,
  options: {
    readonly isHeld: (call: Call) => boolean;
    readonly when: 'before' | 'after';
    readonly disturb: (release: ReleaseHandle) => Promise<unknown>;
  },
): Promise<Stalled> {
  const held = Promise.withResolvers<Call>();
  const undone = Promise.withResolvers<void>();
  const hold = (call: Call) => {
    if (!options.isHeld(call)) return undefined;
    held.resolve(call);
    return undone.promise;
  };
  const wake = async () => {
    undone.resolve();
    await (await held.promise).settled;
    await allReported(await handle);
  };
  scene.before = (call) => {
    if (call.activity === 'describeWorkload') return wake();
    return options.when === 'before' ? hold(call) : undefined;
  };
  if (options.when === 'after') scene.after = hold;
  const handle = scene.start(plan);
  const ending = endOf(await handle);
  const call = await held.promise;
  await options.disturb(await handle);
  const patience = setTimeout(
    () => undone.reject(new AssertionError({ message: 'it waits for what hangs' })),
    PATIENCE_MS,
  );
  await undone.promise.finally(() => clearTimeout(patience));
  return { handle: await handle, ended: await ending, call, late: await call.settled };
}

/** The test server's clock stands still for ever once an activity outlives its workflow. */
async function allReported(handle: ReleaseHandle): Promise<void> {
  for (;;) {
    const events = (await handle.fetchHistory()).events ?? [];
    const scheduled = events.filter((event) => event.activityTaskScheduledEventAttributes);
    const reported = events.filter(
      (event) =>
        event.activityTaskCompletedEventAttributes ??
        event.activityTaskFailedEventAttributes ??
        event.activityTaskCanceledEventAttributes,
    );
    if (reported.length >= scheduled.length - 1) return;
  }
}
