/** The gates of a plan: plain data, see `plan.ts`. */

/** Something that must be positively shown before going on. */
export type Gate = CommandGate | CoverageGate | AuditGate | WebGate;

interface GateBase {
  /** Unique within the plan, a DNS label. */
  readonly name: string;
  /** Absolute directory in which the gate runs. */
  readonly directory: string;
  readonly timeoutMs: number;
}

/** A command that must exit with 0. */
export interface CommandGate extends GateBase {
  readonly kind: 'command';
  readonly command: readonly string[];
}

/** A coverage report whose line coverage must reach a minimum. */
export interface CoverageGate extends GateBase {
  readonly kind: 'coverage';
  /** An Istanbul `coverage-summary.json` or an `lcov.info`, relative to `directory`. */
  readonly report: string;
  /** Percent of lines, 0..100. */
  readonly minimumPercent: number;
}

/** An npm or pnpm audit report in which nothing at or above a level may stand. */
export interface AuditGate extends GateBase {
  readonly kind: 'audit';
  /** Makes the report on standard output; or else `report` names a recorded one. */
  readonly command?: readonly string[];
  /** A recorded report, relative to `directory`; the evidence says that it was recorded. */
  readonly report?: string;
  readonly level: AuditLevel;
}

/** An HTTP endpoint that must answer 2xx to a POST. */
export interface WebGate extends GateBase {
  readonly kind: 'web';
  readonly url: string;
  /** JSON, sent as it is. Absent: an empty body. */
  readonly body?: string;
  /** Of one request; `timeoutMs` is for all of them and the pauses between. */
  readonly requestTimeoutMs: number;
  /** How often it is asked again after another answer, or none. */
  readonly retries: number;
  /** Between two requests. */
  readonly intervalMs: number;
  /** The server's certificate is not verified. */
  readonly insecure?: true;
}

export type AuditLevel = 'low' | 'moderate' | 'high' | 'critical';
