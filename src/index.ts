/**
 * Shiplock as a library: start, watch and steer releases; compile and check release files.
 *
 * @example
 * import { connectShiplock } from 'shiplock';
 *
 * const shiplock = await connectShiplock();
 * const release = await shiplock.start({ file: 'release.yaml', version: '1.1.0' });
 * const { verdict, because } = await shiplock.wait(release.id, { timeoutMs: 45 * 60_000 });
 * await shiplock.close();
 */

export type {
  Decision,
  JudgedReading,
  MetricProgress,
  Outcome,
  Phase,
  Progress,
  ReleaseInput,
  ReleaseResult,
  ReleaseStatus,
  SignalName,
  SignalPayload,
  Waiting,
} from '../workflows/messages.ts';
export {
  RELEASE_WORKFLOW,
  releaseId,
  SEARCH_ATTRIBUTES,
  SIGNALS,
  TASK_QUEUE,
} from '../workflows/messages.ts';
export type { RestartInput, RestartOutcome, RestartStatus } from '../workflows/restart-messages.ts';
export { RESTART_WORKFLOW, restartId } from '../workflows/restart-messages.ts';
export * from './client/index.ts';
export { ShiplockError } from './errors.ts';
export type { Compiled, CompileRequest, Plan, Problem } from './plan/index.ts';
export {
  compileRelease,
  earliestDurationMs,
  formatProblem,
  planDigest,
  releaseJsonSchema,
  validatePlan,
} from './plan/index.ts';
