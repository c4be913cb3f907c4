/** What is done once this process is gone, however it went: also killed, where no handler runs. */
import { spawn } from 'node:child_process';

/** Told that there is nothing left to do. */
export type CallOff = () => void;

/**
 * Ends a process with us. What is returned is to be called once it has ended by itself, since its number may then be
 * another's.
 *
 * @param signal a name without `SIG`
 */
export function endWithUs(pid: number, signal = 'KILL'): CallOff {
  return afterUs('kill -s "$1" "$2"', signal, `${pid}`);
}

/** Removes a folder with us. Whoever removes it before calls that off. */
export function removeWithUs(folder: string): CallOff {
  // What ends with us too may still write there for a moment.
  return afterUs('for again in 1 2 3 4 5; do rm -rf -- "$1"; sleep 1; done', folder);
}

/** A small watcher reads from us, and reads an end when nobody is left to write. */
function afterUs(script: string, ...args: readonly string[]): CallOff {
  const watcher = spawn('/bin/sh', ['-c', `read -r line || { ${script}; }`, 'sh', ...args], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watcher.on('error', () => undefined);
  watcher.stdin.on('error', () => undefined);
  watcher.unref();
  (watcher.stdin as unknown as { unref(): void }).unref();
  return () => watcher.stdin.end('ended\n');
}
