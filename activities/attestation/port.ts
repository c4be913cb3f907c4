import type { TrustLevel } from '../../src/plan/plan.ts';

export interface AttestRequest {
  readonly signal: string;
  /** Which signal of that name in this run, counted from 0. */
  readonly nth: number;
}

/** Who sent a message, as the server's history has it. */
export interface Attestation {
  readonly eventId: string;
  readonly eventTime: string;
  /** What the sender's client claimed; may be empty. */
  readonly identity: string;
  /** What the server proved; `null` where it proves nothing. */
  readonly principal: string | null;
  readonly level: TrustLevel;
}

export interface AttestationActivities {
  /** Reads the release's own history; workflow code cannot see who sent a signal. */
  attest(request: AttestRequest): Promise<Attestation>;
}
