import { z } from 'zod';
import { imagesOf } from '../../src/plan/images.ts';
import { kubernetesJobsOf } from '../../src/plan/index.ts';
import { podTemplateOf } from '../../src/plan/job-spec.ts';
import type { KubernetesTarget, Plan } from '../../src/plan/plan.ts';
import { DNS_LABEL } from '../../src/plan/shape/fields.ts';
import { repositoryOf } from '../../src/plan/shape/names.ts';
import type { Policy } from './contents.ts';
import { matchesName, matchesRepository } from './patterns.ts';
import { baselineViolations } from './pod-security.ts';

const text = z.string().min(1).max(1000);

export const clustersSchema = z.record(
  z.string().regex(DNS_LABEL, 'expected a DNS label, for example production'),
  z.strictObject({
    kubeconfig: text.optional(),
    context: text.optional(),
    namespaces: z.array(text).max(1000).default([]),
    podSecurity: z.enum(['baseline', 'privileged']).default('baseline'),
    routerMetrics: z
      .strictObject({
        prometheus: z.url({ protocol: /^https?$/ }),
        requests: text.regex(/\{\{service\}\}/, 'expected {{service}} in it, which each of the two Services fills'),
      })
      .optional(),
  }),
);

/** Why the policy does not let the plan run where, and what, it wants to run. */
export function clusterRefusals(plan: Plan, policy: Policy): string[] {
  const { target } = plan;
  switch (target.platform) {
    case 'local':
      return [];
    case 'kubernetes':
      return [
        ...placeRefusals(target, policy),
        ...podRefusals(target, policy),
        ...imageRefusals(imagesOf(target), policy),
        ...jobRefusals(plan, target, policy),
      ];
    case 'argo':
      return [
        ...placeRefusals(target, policy),
        ...imageRefusals([target.repository], policy),
        ...jobRefusals(plan, target, policy),
      ];
    default:
      return target satisfies never;
  }
}

/** Why the policy does not let the plan's pods be restarted where they are. */
export function restartedPlaceRefusals({ target }: Plan, policy: Policy): string[] {
  return target.platform === 'local' ? [] : placeRefusals(target, policy);
}

function placeRefusals(
  { cluster, namespace }: Pick<KubernetesTarget, 'cluster' | 'namespace'>,
  policy: Policy,
): string[] {
  const known = Object.hasOwn(policy.clusters, cluster) ? policy.clusters[cluster] : undefined;
  if (!known) return [`the cluster "${cluster}" is not in "clusters"`];
  if (known.namespaces.some((pattern) => matchesName(namespace, pattern))) return [];
  return [`the namespace "${namespace}" matches nothing in "clusters.${cluster}.namespaces"`];
}

/** A metric's pods are held to what holds for those of the release. */
function jobRefusals(plan: Plan, { cluster }: Pick<KubernetesTarget, 'cluster'>, policy: Policy): string[] {
  return kubernetesJobsOf(plan).flatMap(({ name, job }) => {
    const template = podTemplateOf(job);
    const refusals = [...podRefusals({ cluster, template }, policy), ...imageRefusals(imagesOf({ template }), policy)];
    return refusals.map((refusal) => `the Job of the metric ${name}: ${refusal}`);
  });
}

function podRefusals({ cluster, template }: Pick<KubernetesTarget, 'cluster' | 'template'>, policy: Policy): string[] {
  const known = Object.hasOwn(policy.clusters, cluster) ? policy.clusters[cluster] : undefined;
  const violations = known?.podSecurity === 'baseline' ? baselineViolations(template) : [];
  return violations.map((found) => `${found}, and "clusters.${cluster}.podSecurity" is baseline`);
}

/** Everything that would run, also beside the released image. */
function imageRefusals(images: readonly string[], policy: Policy): string[] {
  const foreign = images.filter(
    (image) => !policy.images.repositories.some((pattern) => matchesRepository(repositoryOf(image), pattern)),
  );
  return [...new Set(foreign)].map(
    (image) => `the image ${image} of the pods matches nothing in "images.repositories"`,
  );
}
