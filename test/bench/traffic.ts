/** Steady load whose every response is kept. */
import { type Response, runLoad } from '../../infra/load/load.ts';

export interface Traffic {
  readonly responses: readonly Response[];
  stop(): Promise<void>;
}

export function startTraffic(address: string, ratePerSecond: number, seconds: number): Traffic {
  const responses: Response[] = [];
  const ending = new AbortController();
  const ended = runLoad({
    address,
    ratePerSecond,
    paths: ['/credentials/1'],
    atMost: { seconds, requests: seconds * ratePerSecond },
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
