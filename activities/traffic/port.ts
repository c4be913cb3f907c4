import type { RequestMatch } from '../../src/plan/routes.ts';
import type { Whereabouts } from '../../src/plan/target.ts';

export type { RequestMatch, StringMatch } from '../../src/plan/routes.ts';

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

/** A route of the engine's own, before all others, in the order of the plan's `managedRoutes`. */
export type ManagedRoute =
  /** What matches goes to the canary. */
  | { readonly kind: 'header'; readonly name: string; readonly matches: readonly RequestMatch[] }
  /** Of what matches this percentage (0..100) is also sent to the canary; its answers are thrown away. */
  | {
      readonly kind: 'mirror';
      readonly name: string;
      readonly matches: readonly RequestMatch[];
      readonly percentage: number;
    };

export interface SetRoutesRequest extends Whereabouts {
  /** All there shall be; others of the plan's `managedRoutes` are taken away. Empty: none. */
  readonly routes: readonly ManagedRoute[];
  readonly fence: number;
  readonly key: string;
}

/** Where requests go. Refuses a lower fence, and a share for a side without ready capacity. */
export interface TrafficActivities {
  setWeights(request: SetWeightsRequest): Promise<TrafficState>;
  /** Header and mirror routes beside the weights. Only of routers that have them. */
  setRoutes(request: SetRoutesRequest): Promise<void>;
}
