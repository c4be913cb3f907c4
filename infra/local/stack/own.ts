import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ShiplockError } from '../../../src/errors.ts';
import { type RolePaths, type StackPaths, stackPaths } from '../home.ts';
import { inheritedEnvironment } from './environment.ts';
import { readJson, replaceFile } from './files.ts';
import { identify, isAlive, PROCESS_MARK, type ProcessIdentity, STACK_MARK } from './processes.ts';

/** Our own two processes: the supervisor does the work, the guard brings it back. Each watches the other. */
export type OwnRole = 'supervisor' | 'guard';

/**
 * What a process of ours runs, beside this file. Sources run as they are; the built tree has the same shape with
 * another ending.
 */
export function entryOf(name: string): string {
  const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return fileURLToPath(new URL(`./${name}${ending}`, import.meta.url));
}

/** Starts one of them in a session of its own. Which of several gets to stay is decided by its lock. */
export function spawnOwn(role: OwnRole, home: string, args: readonly string[] = []): { alive(): boolean } {
  const main = entryOf(`${role}-main`);
  const output = openSync(stackPaths(home)[role].log, 'a', 0o600);
  try {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, '--home', home, ...args], {
      cwd: home,
      env: { ...inheritedEnvironment(), [STACK_MARK]: home, [PROCESS_MARK]: role },
      stdio: ['ignore', output, output],
      detached: true,
    });
    child.on('error', () => undefined);
    child.unref();
    return { alive: () => child.pid !== undefined && child.exitCode === null && child.signalCode === null };
  } finally {
    closeSync(output);
  }
}

export function writePid(paths: RolePaths): void {
  replaceFile(paths.pid, JSON.stringify(identify(process.pid)));
}

/** The living process of this role; `null` when there is none. */
export function livingOwn(paths: StackPaths, role: OwnRole): ProcessIdentity | null {
  const identity = readJson(paths[role].pid) as ProcessIdentity | null;
  return identity && isAlive(identity) ? identity : null;
}

export function removePid(paths: RolePaths): void {
  rmSync(paths.pid, { force: true });
}

/** One line of the role's log. */
export function note(line: string): void {
  try {
    writeSync(process.stdout.fd, `${new Date().toISOString()} ${line}\n`);
  } catch {
    // A full disk: going on matters more than saying so.
  }
}

/** Runs one of them to its end. Its last words are one line, since whoever waits for it shows them. */
export async function runOwn(work: () => Promise<void>): Promise<never> {
  try {
    await work();
  } catch (error) {
    note(error instanceof ShiplockError ? `${error.message} (${error.code})` : `failed: ${(error as Error).stack}`);
    process.exit(1);
  }
  process.exit(0);
}
