import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PROCESS_MARK, STACK_MARK } from '../../local/stack/processes.ts';
import type { ClusterPaths } from '../home.ts';
import type { ProgramName } from '../programs/index.ts';

const AGAIN_MS = 200;
const HELD_POLL_MS = 50;
/** One that ends this often in a row before everything is ready has a reason, which is in its log. */
const MOST_STARTS = 5;

export interface Kept {
  /** From now on it is started again however often it ends. */
  settled(): void;
}

/**
 * Starts a server, and starts it again when it ends, unless it is held.
 * @param onGivenUp told why, when it keeps ending before it was settled
 */
export function keep(options: {
  readonly name: ProgramName;
  readonly path: string;
  readonly arguments: readonly string[];
  readonly paths: ClusterPaths;
  readonly onGivenUp: (because: string) => void;
}): Kept {
  const { name, paths } = options;
  const log = join(paths.logs, `${name}.log`);
  let starts = 0;
  let settled = false;

  const run = (): Promise<string> => {
    mkdirSync(paths.logs, { recursive: true });
    const output = openSync(log, 'a', 0o600);
    const child = spawn(options.path, options.arguments, {
      cwd: paths.home,
      env: { PATH: process.env.PATH, HOME: paths.home, [STACK_MARK]: paths.home, [PROCESS_MARK]: name },
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    return new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(`ended with ${signal ?? code}`));
    });
  };
  const loop = async (): Promise<void> => {
    for (;;) {
      while (existsSync(join(paths.held, name))) await delay(HELD_POLL_MS);
      starts += 1;
      const ended = await run();
      if (!settled && starts >= MOST_STARTS) return options.onGivenUp(`${name} ${ended}: ${lastWords(log)}`);
      await delay(AGAIN_MS);
    }
  };
  void loop();
  return {
    settled: () => {
      settled = true;
    },
  };
}

function lastWords(log: string): string {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  return (
    lines.findLast((line) => /^(Error:|E\d{4}|F\d{4}|\{"level":"(error|fatal)|ERROR)/.test(line)) ?? lines.at(-1) ?? ''
  );
}
