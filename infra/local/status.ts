import { existsSync, realpathSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { connectSupervisor } from './client.ts';
import { resolveHome, stackPaths } from './home.ts';
import type { StackStatus } from './protocol.ts';
import { remaining } from './stack/end.ts';
import { livingOwn, spawnOwn } from './stack/own.ts';
import { readState } from './stack/state.ts';

const PATIENCE_MS = 10_000;
/** One that does not answer by then is as good as dead. */
const ANSWER_MS = 3_000;
const POLL_MS = 50;

/**
 * What a stack is doing; `null` when it is not up. A stack that runs but has lost its supervisor gets it back first.
 */
export async function stackStatus(options: { readonly home?: string } = {}): Promise<StackStatus | null> {
  const home = resolveHome(options.home);
  if (!existsSync(home)) return null;
  const paths = stackPaths(realpathSync(home));
  const client = connectSupervisor({ home: paths.home, patienceMs: 0, timeoutMs: ANSWER_MS });
  const deadline = Date.now() + PATIENCE_MS;
  let started: { alive(): boolean } | null = null;
  try {
    do {
      const status = await client.stack().catch(() => null);
      if (status) return status;
      const wanted = readState(paths).desired === 'up';
      if (!livingOwn(paths, 'supervisor') && !started?.alive()) {
        if (!wanted || remaining(paths).length === 0) return null;
        started = spawnOwn('supervisor', paths.home);
      }
      await delay(POLL_MS);
    } while (Date.now() < deadline);
    return null;
  } finally {
    client.close();
  }
}
