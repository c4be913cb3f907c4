import { existsSync, mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { takeLock } from '../local/stack/lock.ts';
import type { ClusterPaths } from './home.ts';

const POLL_MS = 50;

/** Does something while nobody else starts or stops the cluster in this home. */
export async function withLock<Result>(paths: ClusterPaths, work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    mkdirSync(paths.home, { recursive: true, mode: 0o700 });
    const lock = takeLock(paths.lock);
    // Whoever held it before may have removed the folder, and the lock with it.
    if (lock !== null && existsSync(paths.lock)) {
      try {
        return await work();
      } finally {
        lock.release();
      }
    }
    lock?.release();
    await delay(POLL_MS);
  }
}
