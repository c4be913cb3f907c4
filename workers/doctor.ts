import { examinePlace, examineRollout, type Look, subjectOf } from '../activities/kubernetes/doctor/index.ts';
import { ShiplockError } from '../src/errors.ts';
import { kubernetesJobsOf } from '../src/plan/index.ts';
import type { Plan } from '../src/plan/plan.ts';
import { confirmationOf } from '../src/validation/confirmation.ts';
import { policyRefusals, readPolicy } from './policy.ts';

export interface ExamineOptions {
  readonly plan: Plan;
  /** A worker's policy, which knows the way into clusters; without one the kubeconfig of this process counts. */
  readonly policy?: string;
  /** A context of the kubeconfig, instead of what the policy says. */
  readonly context?: string;
  /** Whose rights are looked at, such as `system:serviceaccount:shiplock:shiplock-release`. */
  readonly as?: string;
}

/**
 * What a release would find, before it starts.
 * @throws SHIPLOCK_POLICY_INVALID, SHIPLOCK_USAGE for a plan of another platform
 */
export async function examineRelease({ plan, policy: file, context, as }: ExamineOptions): Promise<readonly Look[]> {
  const { target, service } = plan;
  if (target.platform === 'local') {
    throw new ShiplockError({
      code: 'SHIPLOCK_USAGE',
      message: "the release file's platform is local, which has no cluster to look at",
      mend: '`shiplock doctor` alone looks at what the embedded stack needs',
    });
  }
  const policy = file === undefined ? null : await readPolicy(file);
  const known = policy?.clusters[target.cluster];
  const access = { namespaces: [], ...known, ...(context !== undefined && { context }) };
  const subject = as === undefined ? {} : { subject: subjectOf(as) };
  const runsJobs = kubernetesJobsOf(plan).length > 0;
  const confirmation = confirmationOf(plan);
  const counted = policy && known?.routerMetrics !== undefined;
  return [
    ...(policy ? admitted(policyRefusals(plan, policy)) : []),
    ...(await (target.platform === 'argo'
      ? examineRollout({ target, access, runsJobs, ...subject })
      : examinePlace({ target, service, access, runsJobs, confirmation, counted, ...subject }))),
  ];
}

function admitted(refusals: readonly string[]): readonly Look[] {
  const name = 'policy';
  if (refusals.length === 0) return [{ name, ok: true, needed: true, because: 'admits this release', mend: null }];
  const mend = 'change the release, or have the policy allow it';
  return refusals.map((because) => ({ name, ok: false, needed: true, because, mend }));
}
