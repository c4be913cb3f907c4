/** Jobs of an analysis: each runs beside the other readings, until it ends or the analysis does. */
import { CancellationScope, isCancellation } from '@temporalio/workflow';

export interface Jobs {
  isRunning(metric: string): boolean;
  /** Whether any runs. */
  areRunning(): boolean;
  /** How many have ended by themselves so far. Throws what one of them threw. */
  ended(): number;
  start(metric: string, job: () => Promise<void>): void;
  /** Ends those that still run, and does not wait for their processes; none of them counts. */
  cutShort(): Promise<void>;
}

/** Made in the scope of the analysis, whose cancellation ends its jobs at once. */
export function createJobs(): Jobs {
  const running = new Map<string, { readonly scope: CancellationScope; readonly done: Promise<void> }>();
  let ended = 0;
  let failed: { readonly error: unknown } | null = null;
  return {
    isRunning: (metric) => running.has(metric),
    areRunning: () => running.size > 0,
    ended() {
      if (failed) throw failed.error;
      return ended;
    },
    start(metric, job) {
      const scope = new CancellationScope();
      const done = scope
        .run(job)
        .catch((error: unknown) => {
          if (!isCancellation(error)) failed ??= { error };
        })
        .then(() => {
          running.delete(metric);
          ended += 1;
        });
      running.set(metric, { scope, done });
    },
    async cutShort() {
      const cut = [...running.values()];
      for (const { scope } of cut) scope.cancel();
      await Promise.all(cut.map(({ done }) => done));
    },
  };
}
