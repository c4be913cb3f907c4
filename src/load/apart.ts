import { Worker } from 'node:worker_threads';
import type { SideCounts } from './side.ts';
import type { TurnsOptions } from './turns.ts';

/**
 * `loadInTurns` in a thread of its own: it is on time whatever else its process does, and holds up nothing of it.
 *
 * @param options.signal ends the thread at once; what is under way is broken off, and the promise rejects with the
 * signal's reason.
 */
export function loadApart({ signal, ...options }: TurnsOptions & { signal: AbortSignal }): Promise<SideCounts[]> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const thread = new Worker(beside('apart-main'), { workerData: options });
    const stop = () => {
      reject(signal.reason);
      void thread.terminate();
    };
    signal.addEventListener('abort', stop, { once: true });
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', (code) => {
      signal.removeEventListener('abort', stop);
      reject(new Error(`the load generator ended with code ${code} and counted nothing`));
    });
  });
}

/** A module of this folder: as TypeScript in the working copy, compiled in the package. */
function beside(name: string): URL {
  return new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
}
