import { failure } from '../../failure.ts';
import type { WorkloadActivities } from '../port.ts';
import { awaitReady } from './await-ready.ts';
import { describeWorkload } from './describe.ts';
import { removeRevision } from './remove.ts';
import { scaleRevisions } from './scale.ts';
import type { WorkloadDependencies } from './scene.ts';
import { setRoles } from './set-roles.ts';
import { startRevision } from './start.ts';

export type { WorkloadDependencies } from './scene.ts';

/**
 * Revisions as ReplicaSets of a namespace, beside each other.
 *
 * @example `const activities = kubernetesWorkload({ clusters, weightsOf, moveStable });`
 */
export function kubernetesWorkload(dependencies: WorkloadDependencies): WorkloadActivities {
  return {
    describeWorkload: (request) => describeWorkload(dependencies, request),
    startRevision: (request) => startRevision(dependencies, request),
    scaleRevisions: (request) => scaleRevisions(dependencies, request),
    startBaseline: async () => {
      const message = 'on Kubernetes the traffic is split in two, so a third side for a baseline has none';
      throw failure({ code: 'SHIPLOCK_KUBERNETES_TARGET', message }, { retry: 'never' });
    },
    awaitReady: (request) => awaitReady(dependencies, request),
    removeRevision: (request) => removeRevision(dependencies, request),
    setRoles: (request) => setRoles(dependencies, request),
  };
}
