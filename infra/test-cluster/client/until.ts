import { setTimeout as delay } from 'node:timers/promises';

const TIMEOUT_MS = 20_000;
const POLL_MS = 50;

/**
 * Asks until the answer is neither false, null nor undefined, and returns it. A question that throws counts as not yet.
 * @throws Error that names what was waited for, and what the question said last
 * @example `await until('three ready pods', async () => (await readyPods()).length === 3)`
 */
export async function until<T>(
  what: string,
  question: () => Promise<T | false | null | undefined>,
  timeoutMs = TIMEOUT_MS,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await question();
      if (answer !== false && answer !== null && answer !== undefined) return answer;
      last = answer;
    } catch (error) {
      last = (error as Error).message;
    }
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms; the last answer was ${last}`);
    await delay(POLL_MS);
  }
}
