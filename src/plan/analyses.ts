import type { AnalysisPlan, FlagStep, KubernetesJob, Plan, Step } from './plan.ts';

/** Every analysis of a plan, in the order of its phases: whatever measures is among them. */
export function analysesOf({ canary, cutover, flags }: Pick<Plan, 'canary' | 'cutover' | 'flags'>): AnalysisPlan[] {
  return [
    ...(canary.background === null ? [] : [canary.background.analysis]),
    ...(canary.comparison ? [canary.comparison] : []),
    ...inSteps(canary.steps),
    ...[cutover?.before, cutover?.after].filter((analysis) => analysis != null),
    ...(flags?.ramps ?? []).flatMap(({ steps }) => inSteps(steps)),
  ];
}

const inSteps = (steps: readonly (Step | FlagStep)[]): AnalysisPlan[] =>
  steps.flatMap((step) => (step.kind === 'analysis' ? [step.analysis] : []));

/** The Jobs that its metrics run in its cluster, each with its metric's name. */
export function kubernetesJobsOf(
  plan: Pick<Plan, 'canary' | 'cutover' | 'flags'>,
): { name: string; job: KubernetesJob }[] {
  return analysesOf(plan).flatMap(({ metrics }) =>
    metrics.flatMap(({ name, provider }) => (provider.kind === 'kubernetesJob' ? [{ name, job: provider }] : [])),
  );
}
