import { analysesOf } from '../analyses.ts';
import { podTemplateOf } from '../job-spec.ts';
import type { ArgoTarget, Plan } from '../plan.ts';
import { isJob } from '../provider.ts';
import type { JsonObject } from '../target.ts';

interface Lack {
  readonly path: (string | number)[];
  readonly message: string;
}

type Parts = Pick<Plan, 'target' | 'canary' | 'cutover' | 'flags' | 'image' | 'validation'>;

/** What a plan needs of its target, and lacks: the field, and what was expected. */
export function targetLacks(plan: Parts): Lack[] {
  return [...jobLacks(plan), ...ofTarget(plan)];
}

/** A job is a command on the build host, or a Job of the cluster; no Service may send requests to a Job's pods. */
function jobLacks(plan: Parts): Lack[] {
  const { target } = plan;
  const wanted = target.platform === 'local' ? 'job' : 'kubernetesJob';
  return analysesOf(plan).flatMap(({ metrics }) =>
    metrics.flatMap(({ name, provider }): Lack[] => {
      const path = ['metrics', name, 'provider'];
      if (!isJob(provider)) return [];
      if (provider.kind !== wanted) return [{ path, message: `expected a ${wanted} on ${target.platform}` }];
      if (provider.kind !== 'kubernetesJob' || target.platform !== 'kubernetes') return [];
      const { labels = {} } = (podTemplateOf(provider).metadata ?? {}) as { labels?: JsonObject };
      const served = Object.entries(target.selector).every(([key, value]) => labels?.[key] === value);
      return served ? [{ path, message: 'expected pods that the selector of the target does not choose' }] : [];
    }),
  );
}

function ofTarget(plan: Parts): Lack[] {
  const { target, canary, cutover } = plan;
  if (target.platform === 'argo') return argoLacks(plan, target);
  const lacks: Lack[] = [];
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

/** The Rollout in the cluster has its own steps, analyses and switch, and nothing here knows where its sides are reached. */
function argoLacks({ canary, cutover, image, validation }: Parts, { repository }: ArgoTarget): Lack[] {
  const { steps, background, comparison, baselineService, rollbackWindow } = canary;
  const own = [steps[0], background, comparison, baselineService, rollbackWindow].some((part) => part != null);
  return [
    ...(own ? [{ path: ['canary'], message: "expected no steps and analyses: on argo they are the Rollout's" }] : []),
    ...(cutover ? [{ path: ['cutover'], message: "expected no cutover: on argo it is the Rollout's" }] : []),
    ...(image && image.repository !== repository
      ? [{ path: ['target', 'repository'], message: 'expected that of the image' }]
      : []),
    ...(validation?.performance ? [{ path: ['validation', 'performance'], message: 'expected none on argo' }] : []),
    ...(validation?.security?.headers
      ? [{ path: ['validation', 'security', 'headers'], message: 'expected none on argo' }]
      : []),
  ];
}
