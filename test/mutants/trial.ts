/** Runs tests of one file by name, in a process group of their own that is ended with them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Ending } from './reporter.ts';

/** A fault may make a test wait for ever; then it was not caught, since nothing was asserted. */
const TIMEOUT_MS = 180_000;
const reporter = join(import.meta.dirname, 'reporter.ts');
const running = new Set<ChildProcess>();

/** How each of these tests ended; one that was not reached is missing. */
export async function runTests(folder: string, file: string, names: readonly string[]): Promise<Map<string, Ending>> {
  const patterns = names.flatMap((name) => ['--test-name-pattern', `${name.replace(/[^\w\s]/g, '\\$&')}$`]);
  const options = ['--test-reporter', reporter, ...patterns];
  // Those of the cluster bring it up for themselves, one for each tree.
  const isOfCluster = file.startsWith('test/cluster/');
  const args = isOfCluster ? ['test/cluster/run.ts', file, '--', ...options] : ['--test', ...options, file];
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  running.add(child);
  const timer = setTimeout(() => endGroup(child), isOfCluster ? 2 * TIMEOUT_MS : TIMEOUT_MS);
  try {
    const wanted = new Set(names);
    const endings = new Map<string, Ending>();
    // What a fault has left open may keep a process alive after its tests; a cluster is taken down after its own.
    for await (const line of createInterface(child.stdout)) {
      const ending = endingIn(line);
      if (ending && wanted.has(ending.name)) endings.set(ending.name, ending);
      if (!isOfCluster && endings.size === wanted.size) break;
    }
    return endings;
  } finally {
    clearTimeout(timer);
    endGroup(child);
    running.delete(child);
  }
}

/** What still runs ends with this process. */
export function endAll(): void {
  for (const child of running) endGroup(child);
}

/** `null` for what a test itself has printed. */
function endingIn(line: string): Ending | null {
  return line.startsWith('{"name":') ? (JSON.parse(line) as Ending) : null;
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid) process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}
