import type { Whereabouts } from '../../src/plan/target.ts';

export interface SetWeightsRequest extends Whereabouts {
  /** Whole percents by version; sums to 100. */
  readonly weights: Readonly<Record<string, number>>;
  readonly fence: number;
  /** Names the effect in the platform's journal: `workflowId/step`. */
  readonly key: string;
  /**
   * For the way back: where the growing side is short of capacity, as much as it carries is moved now, and the
   * attempt fails so that it is tried again.
   */
  readonly partial?: boolean;
}

export interface TrafficState {
  readonly weights: Readonly<Record<string, number>>;
  /** True when the router itself confirmed that the weights are live. */
  readonly verified: boolean;
}

/** Where requests go. Refuses a lower fence, and a share for a side without ready capacity. */
export interface TrafficActivities {
  setWeights(request: SetWeightsRequest): Promise<TrafficState>;
}
