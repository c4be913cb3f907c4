import { Agent } from 'node:http';
import { runLoad } from './load.ts';
import { countSide, type SideCounts } from './side.ts';

export interface TurnsOptions {
  /** `http://127.0.0.1:PORT` of each side. */
  readonly addresses: readonly string[];
  readonly path: string;
  /** Requests a second, 1..2000. */
  readonly ratePerSecond: number;
  /** That each side is asked. */
  readonly requests: number;
  /** The load ends by then, with what it has counted. */
  readonly atMostMs: number;
  /** A request without a complete answer by then failed. */
  readonly timeoutMs: number;
}

/** Long enough that a turn's first requests do not count much, short enough that both sides meet the same moment. */
const TURN_SECONDS = 1;

/**
 * The same steady load for each side, in turns of a second: A, B, A, B … What disturbs the machine meanwhile disturbs
 * both. A first turn of each, in which connections are made and caches filled, is not counted.
 *
 * @returns the counts in the order of the addresses.
 */
export async function loadInTurns(options: TurnsOptions): Promise<SideCounts[]> {
  const { ratePerSecond, timeoutMs } = options;
  const ending = AbortSignal.timeout(options.atMostMs);
  const sides = options.addresses.map((address) => {
    return { address, agent: new Agent({ keepAlive: true, maxSockets: 500 }), counter: countSide() };
  });
  const turn = async ({ address, agent, counter }: (typeof sides)[number], requests: number, counted: boolean) => {
    const { notSent } = await runLoad({
      address,
      agent,
      ratePerSecond,
      timeoutMs,
      paths: [options.path],
      atMost: { requests, seconds: requests / ratePerSecond + 1 },
      signal: ending,
      onResponse: counted ? counter.answered : undefined,
    });
    if (counted) counter.notSent(notSent);
  };
  const each = async (requests: number, counted: boolean) => {
    for (const side of sides) if (!ending.aborted) await turn(side, requests, counted);
  };

  const inTurn = Math.ceil(ratePerSecond * TURN_SECONDS);
  await each(inTurn, false);
  for (let left = options.requests; left > 0 && !ending.aborted; left -= inTurn) {
    await each(Math.min(left, inTurn), true);
  }
  for (const { agent } of sides) agent.destroy();
  return sides.map(({ counter }) => counter.counts());
}
