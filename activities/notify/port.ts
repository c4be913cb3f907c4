/** One change of a release's state, as a webhook is told of it. */
export interface ReleaseEvent {
  /** `workflowId/runId/number`: the same event is sent again under the same id. */
  readonly id: string;
  /** For example `phase`, `waiting`, `outcome`. */
  readonly type: 'phase' | 'waiting' | 'outcome';
  /** RFC 3339. */
  readonly at: string;
  readonly service: string;
  readonly environment: string;
  readonly version: string;
  readonly from: string | null;
  readonly phase: string;
  readonly outcome: string | null;
  readonly because: string;
  /** What it waits for, where it waits for a person. */
  readonly waiting: { readonly prompt: string; readonly deadline: string | null } | null;
}

export interface NotifyRequest {
  /** A webhook that the worker's policy knows by this name. */
  readonly webhook: string;
  readonly event: ReleaseEvent;
}

/** Telling is not doing: nothing waits for it. On the queue `shiplock-notify`. */
export interface NotifyActivities {
  /** Fails, retryably, while the receiver does not answer with 2xx; not retryably where the policy knows no such webhook. */
  notify(request: NotifyRequest): Promise<{ readonly status: number }>;
}
