/** Where a target on Kubernetes has its pods from: a Rollout, or a Deployment. */
import type { z } from 'zod';
import { fillHelm } from '../argo/placeholders.ts';
import { checkPods } from '../argo/pod.ts';
import { workloadRefSchema } from '../argo/rollout-schema.ts';
import type { Path } from '../problem.ts';
import { piece, valueAt } from '../shape/check.ts';
import { show } from '../shape/show.ts';
import type { Source } from '../yaml/read.ts';
import type { Context } from './context.ts';
import type { kubernetesTargetSchema } from './schema-target.ts';

export type WrittenTarget = z.output<typeof kubernetesTargetSchema>;
export type WorkloadRef = z.output<typeof workloadRefSchema>;

const TARGET: Path = ['target', 'deployment'];
const REF: Path = ['spec', 'workloadRef'];

export function workloadRefOf(rollout: Source | null): WorkloadRef | undefined {
  return piece(workloadRefSchema, valueAt(rollout?.value, REF));
}

/** The manifest with selector and pod template; `null` with the reason reported. */
export function pickWorkload(context: Context, target: WrittenTarget, rollout: Source | null): Source | null {
  const { source, report } = context;
  const ref = workloadRefOf(rollout);
  const ownTemplate = valueAt(rollout?.value, ['spec', 'template']) != null;
  const { deployment } = target;
  if (deployment !== undefined) {
    if (ownTemplate) {
      const message = 'stands beside a Rollout that has a pod template; keep one of them';
      report.error(source, TARGET, 'SHIPLOCK_PLAN_CHOICE', message, 'key');
      return null;
    }
    if (ref !== undefined && deployment.name !== undefined && deployment.name !== ref.name) {
      const message = `is ${show(deployment.name)}; the Rollout's workloadRef names ${ref.name}`;
      report.error(source, [...TARGET, 'name'], 'SHIPLOCK_PLAN_VALUE', message);
    }
    const name = deployment.name ?? ref?.name;
    return pickDeployment(context, deployment.file, name, { source, path: TARGET });
  }
  if (rollout !== null && ref !== undefined) {
    const file = valueAt(source.value, ['canary', 'rollout', 'file']);
    return pickDeployment(context, String(file), ref.name, { source: rollout, path: REF });
  }
  if (ownTemplate) return rollout;
  const isReported = rollout !== null || valueAt(source.value, ['canary', 'rollout']) !== undefined;
  if (!isReported) {
    const message = 'is missing; expected a manifest with a Deployment, or canary.rollout with a pod template';
    report.error(source, TARGET, 'SHIPLOCK_PLAN_FIELD_MISSING', message, 'key');
  }
  return null;
}

function pickDeployment(
  context: Context,
  file: string,
  name: string | undefined,
  asked: { readonly source: Source; readonly path: Path },
): Source | null {
  const { report } = context;
  const nameOf = (found: Source) => String(valueAt(found.value, ['metadata', 'name']) ?? '(no name)');
  const all = context.documents(file).filter(({ value }) => valueAt(value, ['kind']) === 'Deployment');
  const matching = all.filter((found) => name === undefined || nameOf(found) === name);
  const [only] = matching;
  if (only === undefined || matching.length > 1) {
    const names = all.map(nameOf).join(', ');
    const wanted = name === undefined ? 'no Deployment' : `no Deployment named ${name}`;
    const instead = asked.path === REF ? '; name its file as target.deployment' : names && `; it holds ${names}`;
    const message =
      only === undefined
        ? `${file} holds ${wanted}${instead}`
        : `${file} holds ${matching.length} Deployments (${names}); name one of them`;
    const field = asked.path === REF || (name !== undefined && valueAt(asked.source.value, [...asked.path, 'name']));
    report.error(asked.source, [...asked.path, field ? 'name' : 'file'], 'SHIPLOCK_PLAN_DEPLOYMENT_MISSING', message);
    return null;
  }
  const apiVersion = valueAt(only.value, ['apiVersion']);
  if (apiVersion !== 'apps/v1') {
    report.error(only, ['apiVersion'], 'SHIPLOCK_PLAN_KIND', `is ${show(apiVersion)}; expected apps/v1`, 'key');
    return null;
  }
  const filled = fillHelm(only, context.tag, report);
  checkPods(filled, report);
  return filled;
}
