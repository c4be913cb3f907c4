import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { ShiplockError } from '../../../src/errors.ts';
import { openRouter } from '../envoy/router.ts';
import { chooseSocket, type StackPaths, stackPaths } from '../home.ts';
import { createApi } from './api.ts';
import { clearTraces, endProcesses } from './end.ts';
import { replaceFile } from './files.ts';
import { openFlags } from './flags.ts';
import { openFleet } from './fleet.ts';
import { boundLog } from './launch.ts';
import { takeLock } from './lock.ts';
import { livingOwn, note, spawnOwn, writePid } from './own.ts';
import { LOOPBACK } from './ports.ts';
import { openProcessTable } from './process-table.ts';
import { signalOne } from './processes.ts';
import { runServers, SERVER_NAMES } from './servers.ts';
import { openServices } from './services.ts';
import { openStore } from './state.ts';

const GUARD_CHECK_MS = 1_000;
const LOG_BYTES = 4 * 1024 * 1024;

/**
 * The process that owns a stack: adopts what runs, starts what does not, answers on the socket until it is asked
 * to end everything. Returns when it has nothing (more) to do.
 *
 * @param options.up the stack is wanted; else it goes on with whatever was wanted before.
 */
export async function runSupervisor(options: { home: string; up: boolean }): Promise<void> {
  const paths = stackPaths(options.home);
  const lock = takeLock(paths.supervisor.lock);
  if (!lock) return note('another supervisor holds this home; nothing to do');
  writePid(paths.supervisor);
  const store = openStore(paths, note);
  const want = (desired: 'up' | 'down') =>
    store.commit((draft) => {
      draft.desired = desired;
      return null;
    });
  if (options.up) await want('up');
  if (store.read().desired === 'up') await serve(paths, store, want);
  await endProcesses(paths);
  const guard = livingOwn(paths, 'guard');
  if (guard) signalOne(guard, 'SIGTERM');
  clearTraces(paths);
  note('everything is stopped');
  lock.release();
}

async function serve(
  paths: StackPaths,
  store: ReturnType<typeof openStore>,
  want: (desired: 'down') => Promise<unknown>,
): Promise<void> {
  const targetsDirectory = join(paths.prometheus, 'targets');
  mkdirSync(targetsDirectory, { recursive: true });
  const table = openProcessTable(paths, note);
  const router = openRouter(paths.envoy, () => store.read().ports.envoyAdmin ?? 0);
  const fleet = openFleet({ paths, store, router, table, targetsDirectory, note });
  const services = openServices(store, fleet);
  table.endUnwanted((id) => SERVER_NAMES.some((name) => id === `server/${name}`) || fleet.wants(id));

  const flags = openFlags({ store, file: join(paths.flags, 'flags.json') });
  await flags.settle(table.ports());
  await fleet.resume();
  const beforeEnvoy = async () => {
    await fleet.settlePorts();
    const admin = [{ targets: [`${LOOPBACK}:${store.read().ports.envoyAdmin}`] }];
    replaceFile(join(paths.prometheus, 'envoy.json'), JSON.stringify(admin));
  };
  const servers = runServers({ paths, store, table, router, flagsFile: flags.file, beforeEnvoy });
  const ended = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => ended.resolve());
  process.on('SIGHUP', () => note('SIGHUP: goes on'));
  const stack = () => ({ home: paths.home, pid: process.pid, servers: servers.status(), services: services.all() });
  const api = createApi({ services, flags, stack, down: () => ended.resolve(), note });
  await listen(api, paths);
  note(`supervises ${paths.home} as ${process.pid}`);

  const guarding = keepGuard(paths);
  await ended.promise;
  clearInterval(guarding);
  note('is asked to stop everything');
  await want('down');
  api.close();
  await Promise.all([fleet.stopAll(), servers.stop()]);
  api.closeAllConnections();
}

async function listen(api: Server, paths: StackPaths): Promise<void> {
  const { path, fallback } = chooseSocket(paths.home);
  if (fallback) makePrivate(dirname(path));
  // Ours alone: the lock is held, so whatever is there was left by a dead one.
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    api.once('error', reject);
    api.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  if (fallback) replaceFile(paths.socketNote, path);
  else rmSync(paths.socketNote, { force: true });
}

/** In a directory that everybody may write to, somebody else may have been first. */
function makePrivate(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(directory);
  if (uid === userInfo().uid && (mode & 0o077) === 0) return;
  throw new ShiplockError({
    code: 'SHIPLOCK_LOCAL_HOME',
    message: `the directory for the socket, ${directory}, is not this user's alone`,
    mend: 'keep the stack where the path is shorter: SHIPLOCK_HOME=…',
  });
}

/** The guard brings this process back, and this process the guard. */
function keepGuard(paths: StackPaths): NodeJS.Timeout {
  let guard: { alive(): boolean } | null = null;
  const check = () => {
    boundLog(paths.supervisor.log, LOG_BYTES);
    if (guard?.alive() || livingOwn(paths, 'guard')) return;
    guard = spawnOwn('guard', paths.home);
  };
  check();
  return setInterval(check, GUARD_CHECK_MS);
}
