/**
 * `shiplock/express`: what a service installs so that a release can judge its canary.
 *
 * @example
 * ```ts
 * import express from 'express';
 * import { canaryMonitoring, metricsHandler } from 'shiplock/express';
 *
 * const app = express();
 * app.use(canaryMonitoring());
 * app.get('/metrics', metricsHandler());
 * ```
 */
export { DURATION_BUCKETS_SECONDS } from './histogram.ts';
export type { CanaryLogEntry, CanaryLogger } from './log.ts';
export { metricsHandler } from './metrics.ts';
export { type CanaryMonitoringOptions, canaryMonitoring } from './monitoring.ts';
