import type { Step } from '../plan.ts';
import type { Path, Report } from '../problem.ts';
import { show } from '../shape/show.ts';
import type { TrafficPlan } from '../target.ts';
import type { Source } from '../yaml/read.ts';

/** What of a router decides whether a step can be taken. */
export interface Routed {
  readonly kind: TrafficPlan['kind'];
  readonly managedRoutes: readonly string[];
}

/**
 * Steps that need a router, or a route which the engine may make (argo-rollouts `ValidateRolloutStrategyCanary`,
 * `ValidateStepRouteFoundInManagedRoute`).
 */
export function checkRouted(
  {
    source,
    places,
    steps,
  }: { readonly source: Source; readonly places: readonly Path[]; readonly steps: readonly Step[] },
  { kind: router, managedRoutes }: Routed,
  report: Report,
): void {
  for (const [index, step] of steps.entries()) {
    const path = places[index] ?? [];
    if (step.kind === 'setWeight' || step.kind === 'pause' || step.kind === 'analysis') continue;
    if (router === 'replicas') {
      report.error(source, path, 'SHIPLOCK_PLAN_NEEDS', 'needs a router: without one, the pods are the traffic', 'key');
    } else if (step.kind !== 'setCanaryScale' && !managedRoutes.includes(step.name)) {
      const known = managedRoutes.join(', ') || 'none';
      const message = `is ${show(step.name)}, which is not among the managedRoutes (${known}); add it there`;
      report.error(source, [...path, 'name'], 'SHIPLOCK_PLAN_NEEDS', message);
    }
  }
}
