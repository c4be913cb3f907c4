/** What workloads and traffic of this platform ask of each other. */
import type { KubernetesPlace } from '../../src/plan/target.ts';

/** A revision as far as routing is concerned. */
export interface RevisionPods {
  readonly version: string;
  /** The label that tells its pods from those of every other revision, and what a Service selects them by. */
  readonly key: { readonly label: string; readonly value: string };
  /** How many pods are wanted. */
  readonly replicas: number;
  /** How many pods are ready. */
  readonly ready: number;
}

/** Percent of traffic by version, as the router's objects say now; empty where nothing is served. */
export type WeightsOf = (
  place: KubernetesPlace,
  service: string,
  revisions: readonly RevisionPods[],
) => Promise<Readonly<Record<string, number>>>;

export interface MoveStableRequest {
  readonly place: KubernetesPlace;
  readonly service: string;
  readonly fence: number;
  /** Versions; `null`: none has that role. */
  readonly stable: string | null;
  readonly canary: string | null;
  readonly revisions: readonly RevisionPods[];
}

/**
 * Lets stableService select the stable version, and the weights say so, where that version has all of the traffic
 * already; whatever else is asked, no request goes elsewhere because of it. The same request again changes nothing.
 */
export type MoveStable = (request: MoveStableRequest) => Promise<void>;
