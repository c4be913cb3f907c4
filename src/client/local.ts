import { setTimeout as delay } from 'node:timers/promises';

/** A supervisor answers at once or is in trouble. */
const PATIENCE_MS = 2_000;

/**
 * The embedded stack's Temporal, `host:port`, where one runs on this machine; else `null`. Loaded only when asked:
 * the client works where the stack is not installed.
 */
export async function localTemporal(home?: string): Promise<string | null> {
  const { connectSupervisor } = await import('../../infra/local/client.ts').catch(() => ({ connectSupervisor: null }));
  if (!connectSupervisor) return null;
  const supervisor = connectSupervisor({ home, patienceMs: 0 });
  const timer = new AbortController();
  try {
    const late = delay(PATIENCE_MS, null, { signal: timer.signal }).catch(() => null);
    const stack = await Promise.race([supervisor.stack().catch(() => null), late]);
    return stack?.servers.temporal.state === 'ready' ? stack.servers.temporal.address : null;
  } finally {
    timer.abort();
    supervisor.close();
  }
}
