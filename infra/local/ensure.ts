import { mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ShiplockError } from '../../src/errors.ts';
import { connectSupervisor } from './client.ts';
import { resolveHome, type StackPaths, stackPaths } from './home.ts';
import type { StackStatus } from './protocol.ts';
import { type OnProgress, serverPath } from './servers/index.ts';
import { replaceFile } from './stack/files.ts';
import { livingOwn, spawnOwn } from './stack/own.ts';
import { BINARY_NAMES, type Binaries, SERVER_NAMES } from './stack/servers.ts';

export interface EnsureOptions {
  /** See `resolveHome`. */
  readonly home?: string;
  /** Told while a missing server is fetched. */
  readonly onProgress?: OnProgress;
  /** Told what is being waited for, one line each. */
  readonly onWait?: (line: string) => void;
  /** Default 60000. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;
/** One that does not answer by then is as good as dead. */
const ANSWER_MS = 3_000;
const POLL_MS = 50;
const START_AGAIN_MS = 500;
/** One that ends at once every time has a reason, which is in its log. */
const MOST_STARTS = 5;

/**
 * Brings the embedded stack up, or finds it up, and returns when all of it answers. Any number may ask at once:
 * there is one stack for a home.
 *
 * @throws ShiplockError `SHIPLOCK_LOCAL_START` when it is not ready in time; and as `serverPath`.
 * @example `const { servers } = await ensureStack(); // servers.temporal.address`
 */
export async function ensureStack(options: EnsureOptions = {}): Promise<StackStatus> {
  const paths = stackPaths(makeHome(resolveHome(options.home)));
  const client = connectSupervisor({ home: paths.home, patienceMs: 0, timeoutMs: ANSWER_MS });
  const deadline = Date.now() + (options.timeoutMs ?? TIMEOUT_MS);
  let problem = '';
  let started: { alive(): boolean } | null = null;
  let starts = 0;
  try {
    while (Date.now() < deadline && starts <= MOST_STARTS) {
      const status = await client.stack().catch(() => null);
      const waits = status ? whatIsMissing(status) : 'the supervisor';
      if (status && waits === '') return status;
      if (waits !== problem) options.onWait?.(`waiting for ${waits}`);
      problem = waits;
      if (!status && !started?.alive() && !livingOwn(paths, 'supervisor')) {
        if (starts++ > 0) await delay(START_AGAIN_MS);
        await noteBinaries(paths, options.onProgress);
        started = spawnOwn('supervisor', paths.home, ['--up']);
      }
      await delay(POLL_MS);
    }
  } finally {
    client.close();
  }
  throw new ShiplockError({
    code: 'SHIPLOCK_LOCAL_START',
    message: `the embedded stack in ${paths.home} is not ready: still waits for ${problem}. ${lastLine(paths)}`.trim(),
    mend: `look at ${paths.supervisor.log} and the logs beside it, then: shiplock local down, shiplock local up`,
  });
}

/** @throws ShiplockError `SHIPLOCK_LOCAL_HOME` when there can be no such directory. */
function makeHome(home: string): string {
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    return realpathSync(home);
  } catch (cause) {
    throw new ShiplockError({
      code: 'SHIPLOCK_LOCAL_HOME',
      message: `cannot keep the stack in ${home}: ${(cause as Error).message}`,
      mend: 'name another directory: SHIPLOCK_HOME=…',
      cause,
    });
  }
}

/** Fetching happens here, where somebody watches, not in the supervisor. */
async function noteBinaries(paths: StackPaths, onProgress?: OnProgress): Promise<void> {
  const found: [string, { path: string; version: string }][] = [];
  for (const name of BINARY_NAMES) {
    const { path, version } = await serverPath(name, { fetch: true, ...(onProgress && { onProgress }) });
    found.push([name, { path, version: version ?? 'unknown' }]);
  }
  replaceFile(paths.binaries, JSON.stringify(Object.fromEntries(found) as Binaries));
}

function whatIsMissing(status: StackStatus): string {
  return SERVER_NAMES.flatMap((name) => {
    const { state, because } = status.servers[name];
    return state === 'ready' ? [] : [`${name} (${because})`];
  }).join(', ');
}

function lastLine(paths: StackPaths): string {
  try {
    return `Its last words: ${readFileSync(paths.supervisor.log, 'utf8').trimEnd().split('\n').at(-1)}`;
  } catch {
    return '';
  }
}
