import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { SOCKET_NAME } from './protocol.ts';

/** `sun_path` holds 104 bytes on macOS and 108 on Linux, a closing zero included. */
const SOCKET_PATH_LIMIT = 100;

/** Where one embedded stack keeps everything it knows. Two homes are two stacks. */
export interface StackPaths {
  readonly home: string;
  readonly state: string;
  readonly processes: string;
  /** One line for each effect that really happened. */
  readonly journal: string;
  /** Where the server binaries are, as the last `up` found them. */
  readonly binaries: string;
  /** Names the socket where the home's own path is too long for one. */
  readonly socketNote: string;
  readonly supervisor: RolePaths;
  readonly guard: RolePaths;
  readonly temporal: string;
  readonly envoy: string;
  readonly prometheus: string;
  readonly flags: string;
  readonly services: string;
}

/** The files of one of our own two processes. */
export interface RolePaths {
  readonly lock: string;
  readonly pid: string;
  readonly log: string;
}

/**
 * The home of a stack: the argument, else `$SHIPLOCK_HOME`, else `$XDG_DATA_HOME/shiplock`, else
 * `~/.local/share/shiplock`. Always absolute.
 */
export function resolveHome(home?: string): string {
  return resolve(home || process.env.SHIPLOCK_HOME || ownHome());
}

/** The home of the stack that a person gets who names none. */
export function ownHome(): string {
  return resolve(process.env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'shiplock');
}

export function stackPaths(home: string): StackPaths {
  const role = (name: string): RolePaths => ({
    lock: join(home, `${name}.lock`),
    pid: join(home, `${name}.pid`),
    log: join(home, `${name}.log`),
  });
  return {
    home,
    state: join(home, 'state.json'),
    processes: join(home, 'processes.json'),
    journal: join(home, 'journal.jsonl'),
    binaries: join(home, 'binaries.json'),
    socketNote: join(home, 'socket'),
    supervisor: role('supervisor'),
    guard: role('guard'),
    temporal: join(home, 'temporal'),
    envoy: join(home, 'envoy'),
    prometheus: join(home, 'prometheus'),
    flags: join(home, 'flags'),
    services: join(home, 'services'),
  };
}

/** The socket that clients use: the one the supervisor noted, else the usual one. */
export function socketOf(home: string): string {
  const note = stackPaths(home).socketNote;
  return existsSync(note) ? readFileSync(note, 'utf8').trim() : join(home, SOCKET_NAME);
}

/**
 * Where a supervisor should listen. A home whose path is too long for a socket gets one in a directory of this
 * user's own below the temporary directory.
 */
export function chooseSocket(home: string): { readonly path: string; readonly fallback: boolean } {
  const usual = join(home, SOCKET_NAME);
  if (Buffer.byteLength(usual) <= SOCKET_PATH_LIMIT) return { path: usual, fallback: false };
  const name = createHash('sha256').update(home).digest('hex').slice(0, 12);
  const below = (directory: string) => join(directory, `shiplock-${userInfo().uid}-${name}`, SOCKET_NAME);
  const path = below(tmpdir());
  return { path: Buffer.byteLength(path) <= SOCKET_PATH_LIMIT ? path : below('/tmp'), fallback: true };
}
