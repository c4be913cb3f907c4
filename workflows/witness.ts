/**
 * What an auditor sees of a release that is replayed: every command it gives, and its status then. Silent where
 * releases are carried: only a replay worker polls a task queue of this name.
 */
import { proxySinks, type Sinks, type WorkflowInterceptors, workflowInfo } from '@temporalio/workflow';
import { AUDIT_TASK_QUEUE, type ReleaseStatus } from './messages.ts';

/** What a release did with one activation of its history. */
export interface Seen {
  /** The last event it had seen. */
  readonly eventId: number;
  /** `coresdk.workflow_commands.IWorkflowCommand`, as they would have gone to the server. */
  readonly commands: readonly unknown[];
  /** A `ReleaseStatus` as JSON; `null` where the workflow is no release. */
  readonly status: string | null;
}

export interface AuditSinks extends Sinks {
  readonly audit: { seen(seen: Seen): void };
}

let statusNow: (() => ReleaseStatus) | null = null;

/** A release says here once how it is asked for its status. */
export function witness(status: () => ReleaseStatus): void {
  statusNow = status;
}

export function interceptors(): WorkflowInterceptors {
  if (!workflowInfo().taskQueue.startsWith(AUDIT_TASK_QUEUE)) return {};
  const { audit } = proxySinks<AuditSinks>();
  return {
    internals: [
      {
        concludeActivation(input, next) {
          const output = next(input);
          const status = statusNow && JSON.stringify(statusNow());
          audit.seen({ eventId: workflowInfo().historyLength, commands: output.commands, status });
          return output;
        },
      },
    ],
  };
}
