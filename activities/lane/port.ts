export interface SettleRequest {
  /** The workflow id of the release that may be open. */
  readonly releaseId: string;
  /** `wait`: until it has ended (a window is ended early). `supersede`: it is aborted first. */
  readonly mode: 'wait' | 'supersede';
}

export interface LaneActivities {
  /** Heartbeats; returns once no release of this id is open. */
  settleRelease(request: SettleRequest): Promise<void>;
}
