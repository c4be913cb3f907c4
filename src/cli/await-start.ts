import type { Place, Shiplock, Started } from '../client/index.ts';
import { EXIT } from './exit.ts';
import { type Followed, follow, untilInterrupted } from './follow.ts';
import type { Terminal } from './terminal.ts';

export interface AwaitOptions {
  readonly until: 'released' | 'ended';
  /** For the turn and the release together. */
  readonly timeoutMs?: number;
  readonly show: 'text' | 'none';
}

/** Follows what was started; where it is queued, waits for its turn first. */
export async function awaitStart(
  shiplock: Shiplock,
  terminal: Terminal,
  started: Started,
  options: AwaitOptions,
): Promise<Followed> {
  const begun = Date.now();
  if (started.kind === 'started')
    return follow(shiplock, terminal, started.id, { ...options, firstRunId: started.firstRunId });
  const turn = await awaitTurn(shiplock, terminal, started, options);
  if ('exitCode' in turn) return turn;
  const left = options.timeoutMs === undefined ? undefined : Math.max(options.timeoutMs - (Date.now() - begun), 1);
  return follow(shiplock, terminal, started.id, { ...options, timeoutMs: left, firstRunId: turn.firstRunId });
}

async function awaitTurn(
  shiplock: Shiplock,
  terminal: Terminal,
  place: Place,
  { timeoutMs, show }: AwaitOptions,
): Promise<Followed | { firstRunId: string }> {
  const onWaiting = (because: string): void => {
    if (show === 'text') terminal.out(`waiting for its turn: ${because}`);
  };
  const { interrupted, result } = await untilInterrupted((leave) => {
    const signal = timeoutMs === undefined ? leave : AbortSignal.any([leave, AbortSignal.timeout(timeoutMs)]);
    return shiplock.turn(place, { signal, onWaiting });
  });
  if (result) return { firstRunId: result };
  const because = interrupted ? 'the wait was interrupted' : 'the time to wait was up';
  terminal.err(`${because}: the place in ${place.lane} is kept, and the release will start when its turn comes`);
  return {
    result: { verdict: 'stillWaiting', because: `${because} before its turn came`, last: null },
    exitCode: interrupted ? EXIT.interrupted : EXIT.stillWaiting,
  };
}
