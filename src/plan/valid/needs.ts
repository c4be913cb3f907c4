import type { Plan } from '../plan.ts';

/** What a plan needs of its target, and lacks: the field, and what was expected. */
export function targetLacks({ target, canary, cutover }: Pick<Plan, 'target' | 'canary' | 'cutover'>): {
  readonly path: (string | number)[];
  readonly message: string;
}[] {
  const lacks: { path: (string | number)[]; message: string }[] = [];
  const traffic = target.platform === 'kubernetes' && target.traffic.kind !== 'replicas' ? target.traffic : null;
  for (const [index, step] of canary.steps.entries()) {
    if (step.kind === 'setWeight' || step.kind === 'pause' || step.kind === 'analysis') continue;
    const path = ['canary', 'steps', index];
    if (traffic === null) lacks.push({ path, message: 'expected a router for such a step' });
    else if (step.kind !== 'setCanaryScale' && !traffic.managedRoutes?.includes(step.name)) {
      lacks.push({ path: [...path, 'name'], message: "expected one of the target's managedRoutes" });
    }
  }
  if (target.platform !== 'kubernetes') {
    if (canary.rollbackWindow) lacks.push({ path: ['canary', 'rollbackWindow'], message: 'expected none on local' });
    return lacks;
  }
  if (cutover && traffic === null) lacks.push({ path: ['cutover'], message: 'expected a router for a switch' });
  if (canary.baselineService !== undefined) {
    lacks.push({ path: ['canary', 'baselineService'], message: 'expected no third side on kubernetes' });
  }
  if (target.minReadySeconds > 0 && target.minReadySeconds * 1_000 >= canary.readyDeadlineMs) {
    lacks.push({ path: ['target', 'minReadySeconds'], message: 'expected less than canary.readyDeadlineMs' });
  }
  return lacks;
}
