import path from 'node:path';
import { checkRouted } from '../argo/routed.ts';
import type { ImagePlan, LocalTarget, Target } from '../plan.ts';
import type { Path } from '../problem.ts';
import { piece, valueAt } from '../shape/check.ts';
import { isWholeBetween } from '../shape/fields.ts';
import type { CompiledCanary } from './canary.ts';
import type { Context } from './context.ts';
import { compileArgoTarget } from './driven.ts';
import { localTargetSchema } from './schema-target.ts';
import { compileKubernetesTarget } from './target-kubernetes.ts';

const AT: Path = ['target'];

/** `null`: what the release file, or a manifest, says of its target is wrong. */
export function compileTarget(context: Context, ramp: CompiledCanary, image: ImagePlan | undefined): Target | null {
  const target = compileFor(context, ramp, image);
  if (target !== null && target.stableService === target.canaryService) {
    const message = `canaryService and stableService are both ${target.stableService}; they must differ`;
    context.report.error(context.source, AT, 'SHIPLOCK_PLAN_DUPLICATE', message, 'key');
  }
  return target;
}

function compileFor(context: Context, ramp: CompiledCanary, image: ImagePlan | undefined): Target | null {
  if (context.driven) return compileArgoTarget(context, ramp, image);
  return context.platform === 'local'
    ? compileLocalTarget(context, ramp)
    : compileKubernetesTarget(context, ramp, image);
}

function compileLocalTarget(context: Context, ramp: CompiledCanary): LocalTarget | null {
  const target = piece(localTargetSchema, valueAt(context.source.value, AT));
  if (target === undefined) return null;
  const replicas = target.replicas ?? ramp.replicas ?? 1;
  if (!isWholeBetween(replicas, 1, 100)) {
    const message = `is missing, and the Rollout's replicas are ${replicas}; expected 1 to 100 on this platform`;
    context.report.error(context.source, [...AT, 'replicas'], 'SHIPLOCK_PLAN_RANGE', message, 'key');
  }
  return {
    platform: 'local',
    command: target.command,
    directory: path.resolve(context.directory, target.directory ?? '.'),
    environment: target.environment ?? {},
    replicas,
    readinessPath: target.readinessPath ?? '/ready',
    stableService: target.stableService ?? ramp.stableService ?? `${context.service}-stable`,
    canaryService: target.canaryService ?? ramp.canaryService ?? `${context.service}-canary`,
  };
}

/** What phases need of the target: a switch of all traffic, and a third side, are not everywhere. */
export function checkReach(context: Context, target: Target, ramp: CompiledCanary, { cutover, baseline }: Reach): void {
  if (target.platform !== 'kubernetes') return;
  const { source, report } = context;
  const { traffic } = target;
  const placed = { source: ramp.rollout ?? source, places: ramp.stepPlaces, steps: ramp.canary?.steps ?? [] };
  const managedRoutes = traffic.kind === 'replicas' ? [] : (traffic.managedRoutes ?? []);
  checkRouted(placed, { kind: traffic.kind, managedRoutes }, report);
  if (cutover && target.traffic.kind === 'replicas') {
    const message = 'needs a router: without one every ready pod gets requests; name one in target.traffic';
    report.error(source, ['cutover'], 'SHIPLOCK_PLAN_NEEDS', message, 'key');
  }
  if (baseline) {
    const message = 'is not supported on kubernetes, where traffic has two sides; remove it';
    report.error(source, ['canary', 'comparison', 'baseline'], 'SHIPLOCK_PLAN_UNSUPPORTED', message, 'key');
  }
}

interface Reach {
  readonly cutover: boolean;
  readonly baseline: boolean;
}
