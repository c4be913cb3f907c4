import type { HttpCheck, PerformanceCheck } from '../../src/plan/plan.ts';
import type { Whereabouts } from '../../src/plan/target.ts';

/** `live`: where users are sent. `preview`: the side without traffic, the new one before a switch, the old one after. */
export type Side = 'live' | 'preview';

export interface ProbeRequest extends Whereabouts {
  readonly side: Side;
  readonly check: HttpCheck;
}

/** One request and its answer. No redirect is followed, and of the body at most 64 KiB are read. */
export interface Probe {
  /** RFC 3339. */
  readonly at: string;
  readonly url: string;
  /** `null` where there was no answer; then `error` says why. */
  readonly status: number | null;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly seconds: number;
  readonly error: string | null;
  /** The version that the platform sends this side's requests to; `null` where it is several, or none. */
  readonly version: string | null;
}

export interface LoadRequest extends Whereabouts {
  readonly check: PerformanceCheck;
  /** The old side is still there to be compared with: then each side gets the whole load, in turns. */
  readonly compare: boolean;
}

/** What a load generator counted of one side. Times from the intended start of each request. */
export interface LoadSide {
  readonly requests: number;
  /** 5xx, no complete answer within 5 s, or not sent since too many before it were still unanswered. */
  readonly failed: number;
  readonly p50Seconds: number;
  readonly p95Seconds: number;
  readonly p99Seconds: number;
  /** Requests that the generator itself sent late (by more than 10 ms). */
  readonly late: number;
}

export interface LoadReport {
  readonly at: string;
  readonly live: LoadSide;
  /** `null` where it was not compared, also since the two sides were not two all the time. */
  readonly preview: LoadSide | null;
}

/** Looks at the running service from outside. What it sees is judged in the workflow. */
export interface ValidationActivities {
  probe(request: ProbeRequest): Promise<Probe>;
  /** Heartbeats; sends the load to both sides in turns. */
  load(request: LoadRequest): Promise<LoadReport>;
}
