/** How the archive is heard: metrics where the worker has them, and the log. */
import { Runtime } from '@temporalio/worker';
import type { ShiplockError } from '../../src/errors.ts';
import type { ClosedExecution } from './closed.ts';

export function countFailure(failure: ShiplockError, execution: ClosedExecution | null): void {
  const { logger, metricMeter } = Runtime.instance();
  const { code, message, mend } = failure;
  logger.error('archive failed', { code, because: message, mend, ...execution });
  metricMeter
    .createCounter('shiplock_archive_failures_total', 'failures', 'attempts to archive a run that failed')
    .add(1);
}

export function countArchived(): void {
  Runtime.instance()
    .metricMeter.createCounter('shiplock_archive_runs_total', 'runs', 'archived runs of releases')
    .add(1);
}

/** An alert on this value's age, or absence, also tells when no worker is left that could fail. */
export function tellHealthy(): void {
  Runtime.instance()
    .metricMeter.createGauge(
      'shiplock_archive_complete_timestamp_seconds',
      'float',
      's',
      'when every ended release was last found archived',
    )
    .set(Date.now() / 1000);
}
