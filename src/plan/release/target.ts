import path from 'node:path';
import type { LocalTarget } from '../plan.ts';
import type { Path } from '../problem.ts';
import { piece, valueAt } from '../shape/check.ts';
import { isWholeBetween } from '../shape/fields.ts';
import type { CompiledCanary } from './canary.ts';
import type { Context } from './context.ts';
import { targetSchema } from './schema.ts';

/** `null`: what the release file says of its target is wrong. */
export function compileTarget(context: Context, ramp: CompiledCanary): LocalTarget | null {
  const at: Path = ['target'];
  const target = piece(targetSchema, valueAt(context.source.value, at));
  if (target === undefined) return null;
  const stableService = target.stableService ?? ramp.stableService ?? `${context.service}-stable`;
  const canaryService = target.canaryService ?? ramp.canaryService ?? `${context.service}-canary`;
  if (stableService === canaryService) {
    const message = `canaryService and stableService are both ${stableService}; they must differ`;
    context.report.error(context.source, at, 'SHIPLOCK_PLAN_DUPLICATE', message, 'key');
  }
  const replicas = target.replicas ?? ramp.replicas ?? 1;
  if (!isWholeBetween(replicas, 1, 100)) {
    const message = `is missing, and the Rollout's replicas are ${replicas}; expected 1 to 100 on this platform`;
    context.report.error(context.source, [...at, 'replicas'], 'SHIPLOCK_PLAN_RANGE', message, 'key');
  }
  return {
    platform: 'local',
    command: target.command,
    directory: path.resolve(context.directory, target.directory ?? '.'),
    environment: target.environment ?? {},
    replicas,
    readinessPath: target.readinessPath ?? '/ready',
    stableService,
    canaryService,
  };
}
