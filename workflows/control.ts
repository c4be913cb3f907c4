/** One release in motion, as its phases hold it: its state, how it goes forward, and how it turns back. */
import type { Plan } from '../src/plan/plan.ts';
import type { ReleaseInput, ReleaseResult } from './messages.ts';
import type { Answer, GoingBack, ReleaseState } from './state.ts';

export interface Release {
  readonly input: ReleaseInput;
  readonly plan: Plan;
  readonly state: ReleaseState;
  /** Accepted answers to what was waited for, by token. */
  readonly answers: Map<string, Answer>;
  /** Takes a message in; the reducer decides on it. */
  receive(signal: string, payload: unknown): void;
  /** No message is on its way through the reducer. */
  idle(): boolean;
  /** Analyses that run beside the ramp, by name: each ends at a safe place. */
  readonly background: Map<string, { settle(): Promise<void> }>;
  /** Shows the state: page, search attributes, the messages that make sense now. */
  changed(): void;
  /** Runs the phases in the scope that `abort` cancels. */
  goForward(phases: () => Promise<void>): Promise<void>;
  /** From here on nothing moves forward. The first reason counts. */
  abort(reason: GoingBack): void;
  /** The last state, shown, told and counted. */
  end(): Promise<ReleaseResult>;
}

/** Thrown by a phase that found evidence against the release. */
export class GoBack extends Error {
  readonly reason: GoingBack;

  constructor(reason: GoingBack) {
    super(reason.because);
    this.name = 'GoBack';
    this.reason = reason;
  }
}
