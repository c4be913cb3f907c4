/** How many pods each side has: what the release file says, else the Rollout; Argo's rules and defaults. */
import { BLUE_GREEN } from '../argo/blue-green.ts';
import { CANARY } from '../argo/rollout.ts';
import { countOrPercent } from '../argo/rollout-schema.ts';
import { MAX_PODS } from '../limits.ts';
import { piece } from '../shape/check.ts';
import { isWholeBetween } from '../shape/fields.ts';
import { show } from '../shape/show.ts';
import type { ScalePlan } from '../target.ts';
import type { Source } from '../yaml/read.ts';
import type { Context } from './context.ts';
import { scaleSchema } from './schema-target.ts';
import { firstWritten, type Written } from './written.ts';

/** argo-rollouts `utils/defaults/defaults.go`. */
const QUARTER = '25%';
const ABORT_DELAY_MS = 30_000;

export function compileScale(context: Context, rollout: Source | null, routed: boolean): ScalePlan {
  const written = (field: string) =>
    firstWritten([context.source, ['target', 'scale', field]], [rollout, [...CANARY, field]]);
  const [maxSurge, maxUnavailable] = [written('maxSurge'), written('maxUnavailable')];
  const [dynamic, least] = [written('dynamicStableScale'), written('minPodsPerReplicaSet')];
  // Restarts keep to maxUnavailable in either case.
  if (routed) ignored(context, maxSurge, 'only without a router');
  else ignored(context, least, 'only with a router');
  checkDynamic(context, dynamic, routed);
  checkAmounts(context, maxSurge, maxUnavailable);
  if (least !== null && !isWholeBetween(least.value, 0, MAX_PODS)) {
    const message = `is ${show(least.value)}; expected 1 to ${MAX_PODS}`;
    context.report.error(least.source, least.path, 'SHIPLOCK_PLAN_RANGE', message);
  }
  return {
    maxSurge: amount(maxSurge),
    maxUnavailable: amount(maxUnavailable),
    dynamicStableScale: dynamic?.value === true,
    minPodsPerReplicaSet: Math.max(1, typeof least?.value === 'number' && routed ? least.value : 1),
    abortScaleDownDelayMs: abortDelay(context, rollout, routed),
  };
}

function ignored(context: Context, found: Written | null, when: string): void {
  if (found === null) return;
  const message = `is ignored: it is of use ${when}`;
  context.report.warning(found.source, found.path, 'SHIPLOCK_PLAN_FIELD_IGNORED', message, 'key');
}

/** Text is percent, with or without its sign, as Argo's parser has it (`GetValueFromIntOrPercent`). */
function amount(found: Written | null): ScalePlan['maxSurge'] {
  const value = piece(countOrPercent(), found?.value);
  if (value === undefined) return QUARTER;
  return typeof value === 'number' ? value : `${Number.parseInt(value, 10)}%`;
}

/** argo-rollouts `validation.go`: nothing could ever move; and more than all cannot be missing. */
function checkAmounts(context: Context, maxSurge: Written | null, maxUnavailable: Written | null): void {
  const most = amount(maxUnavailable);
  if (maxUnavailable !== null && typeof most === 'string' && Number.parseInt(most, 10) > 100) {
    const message = `is ${show(maxUnavailable.value)}; expected at most 100%`;
    context.report.error(maxUnavailable.source, maxUnavailable.path, 'SHIPLOCK_PLAN_RANGE', message);
  }
  const isZero = (found: Written | null) => found !== null && Number.parseInt(String(amount(found)), 10) === 0;
  // Of a Rollout that says both, the Rollout's own check speaks.
  if (!isZero(maxSurge) || !isZero(maxUnavailable) || maxSurge?.source !== context.source) return;
  const message = 'and maxUnavailable are both zero; expected at least one of them above zero';
  context.report.error(maxSurge.source, maxSurge.path, 'SHIPLOCK_PLAN_RANGE', message);
}

/** argo-rollouts `InvalidCanaryDynamicStableScale`. */
function checkDynamic(context: Context, dynamic: Written | null, routed: boolean): void {
  if (dynamic?.value !== true || routed) return;
  const message = 'needs a router: without one, the pods are the traffic';
  context.report.error(dynamic.source, dynamic.path, 'SHIPLOCK_PLAN_NEEDS', message, 'key');
}

function abortDelay(context: Context, rollout: Source | null, routed: boolean): number | null {
  const own = firstWritten([context.source, ['target', 'scale', 'abortScaleDownDelay']]);
  const delay = piece(scaleSchema.shape.abortScaleDownDelay, own?.value);
  if (delay !== undefined) return delay === 'never' ? null : delay;
  const blueGreen = firstWritten([rollout, [...BLUE_GREEN, 'abortScaleDownDelaySeconds']]);
  const found = blueGreen ?? firstWritten([rollout, [...CANARY, 'abortScaleDownDelaySeconds']]);
  const isBlueGreen = firstWritten([rollout, BLUE_GREEN]) !== null;
  if (!routed && !isBlueGreen) {
    ignored(context, found, 'only with a router');
    return 0;
  }
  if (found === null) return ABORT_DELAY_MS;
  if (found.value !== 0) return Number(found.value) * 1_000;
  const message =
    'is 0, which to Argo means never: the pods of an aborted canary stay. To end them at once, say abortScaleDownDelay: 0s in target.scale';
  context.report.warning(found.source, found.path, 'SHIPLOCK_PLAN_SCALE_DOWN_NEVER', message);
  return null;
}
