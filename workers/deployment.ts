import type { WorkerDeploymentOptions } from '@temporalio/worker';
import type { WorkflowBundle } from './bundle.ts';

/**
 * Writes the digest of the workflow code into every task that a worker completes, so that a history says which code
 * made it. Tasks are routed as ever: no version has to be set before a worker gets work.
 */
export function deploymentOf({ digest }: Pick<WorkflowBundle, 'digest'>): WorkerDeploymentOptions {
  return {
    version: { deploymentName: 'shiplock', buildId: digest },
    useWorkerVersioning: false,
  };
}
