export interface FlagRequest {
  readonly service: string;
  readonly flag: string;
  readonly variant: string;
}

/** A flag as its service holds it. */
export interface FlagState {
  /** Percent of users that get the variant; `null` where its targeting is nothing that a ramp could have written. */
  readonly percent: number | null;
  /** Changes whenever the flag's definition does, whoever changed it. */
  readonly revision: string;
  /** The whole definition as JSON: what restoring writes back. */
  readonly definition: string;
}

interface FlagWrite extends FlagRequest {
  /** Adapters refuse a lower number than they have seen (`SHIPLOCK_FENCE_STALE`, not retried). */
  readonly fence: number;
  readonly key: string;
}

export interface SetFlagRequest extends FlagWrite {
  readonly percent: number;
  /** The revision that is expected; or the flag is already as wanted (a retry). */
  readonly ifRevision: string;
}

export interface RestoreFlagRequest extends FlagWrite {
  /** What `describeFlag` answered before the ramp. */
  readonly definition: string;
  /** Percents that this release wrote, or was about to: any of them is its own work and is replaced. */
  readonly written: readonly number[];
}

export interface FlagWritten {
  /** `drifted`: the flag was neither as expected nor as wanted, and was left alone. */
  readonly outcome: 'written' | 'unchanged' | 'drifted';
  /** As it is now. */
  readonly state: FlagState;
}

/** Feature flags. Compare-and-set; a write counts once the flag service evaluates by it. */
export interface FlagActivities {
  /** Fails, not retryably, with `SHIPLOCK_FLAG_UNKNOWN` where there is no such flag or variant. */
  describeFlag(request: FlagRequest): Promise<FlagState>;
  setFlag(request: SetFlagRequest): Promise<FlagWritten>;
  restoreFlag(request: RestoreFlagRequest): Promise<FlagWritten>;
}
