import type { Plan } from '../../src/plan/plan.ts';
import type { WorkloadState } from '../workload/port.ts';

export interface AdmitRequest {
  readonly plan: Plan;
  /** The first run of this release: makes its approvals differ from those of the same plan started again. */
  readonly firstRunId: string;
  /** Who asked the lane to start it; ignored unless the lane of this target did start it. */
  readonly queuedBy?: { readonly identity: string; readonly principal: string | null };
}

export interface Admission {
  /** SHA-256 of the plan's canonical JSON, hex. */
  readonly planDigest: string;
  /** Eight hex digits that bind a person's decision to this release and this plan: `promotion@1a2b3c4d`. */
  readonly binding: string;
  /** SHA-256 of the worker's policy, hex. */
  readonly policyDigest: string;
  /** The fencing number this release starts with. */
  readonly fence: number;
  /** What runs now. */
  readonly before: WorkloadState;
  /** Who started it, as the server's history has it. */
  readonly startedBy: { readonly identity: string; readonly principal: string | null };
}

export interface AdmissionActivities {
  /**
   * Validates the plan again, applies the worker's policy, and takes the fencing number. Fails, not retryably,
   * with `SHIPLOCK_PLAN_INVALID` or `SHIPLOCK_POLICY_REFUSED`, and with `SHIPLOCK_KUBERNETES_FORBIDDEN` where the worker
   * lacks a right that the release needs in its cluster, or `SHIPLOCK_KUBERNETES_UNCONFIRMABLE` where nothing there can
   * confirm what its checklist wants confirmed.
   */
  admit(request: AdmitRequest): Promise<Admission>;
}
