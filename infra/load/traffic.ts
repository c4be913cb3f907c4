import { type LoadOptions, type Response, runLoad } from '../../src/load/load.ts';

/** Load in the background whose every response is kept. */
export interface Traffic {
  /** Every response so far. */
  readonly responses: readonly Response[];
  /** Sends nothing more and waits for the responses under way. */
  stop(): Promise<void>;
}

/** @example `const traffic = startTraffic({ address, ratePerSecond: 100, atMost: { seconds: 600, requests: 60_000 } });` */
export function startTraffic(options: Omit<LoadOptions, 'signal' | 'onResponse'>): Traffic {
  const responses: Response[] = [];
  const ending = new AbortController();
  const ended = runLoad({
    ...options,
    signal: ending.signal,
    onResponse: (response) => responses.push(response),
  });
  return {
    responses,
    stop: async () => {
      ending.abort();
      await ended;
    },
  };
}
