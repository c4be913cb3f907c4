/**
 * What the supervisor of the embedded stack is asked, as JSON over HTTP on a Unix socket.
 *
 * | request | answer |
 * |---|---|
 * | `GET /v1/stack` | `StackStatus` |
 * | `GET /v1/services/:service` | `ServiceStatus` (404 `SHIPLOCK_LOCAL_SERVICE_UNKNOWN`) |
 * | `POST /v1/services/:service/fence` `FenceRequest` | `FenceGrant` |
 * | `PUT /v1/services/:service/revisions/:version` `PutRevision` | `ServiceStatus` |
 * | `PUT /v1/services/:service/baselines/:version` `PutBaseline` | `ServiceStatus` |
 * | `DELETE /v1/services/:service/revisions/:version` `Fenced` | `ServiceStatus` |
 * | `PUT /v1/services/:service/weights` `PutWeights` | `ServiceStatus`, once Envoy has it |
 * | `PUT /v1/services/:service/roles` `PutRoles` | `ServiceStatus` |
 * | `GET /v1/services/:service/flags/:flag` | `FlagStatus` (404 `SHIPLOCK_LOCAL_FLAG_UNKNOWN`) |
 * | `PUT /v1/services/:service/flags/:flag` `PutFlag` | `FlagWritten`, once the flag service evaluates by it |
 * | `GET /v1/flags` | `FlagDefinitions`: all of them, as flagd's file has them |
 * | `PUT /v1/flags` `PutFlags` | `FlagDefinitions`, once the flag service evaluates by them |
 * | `POST /v1/down` | 202, then everything is stopped |
 *
 * Every write is idempotent and durable before it is answered. Refusals are 4xx with `Refusal`.
 */

/** The socket below a stack's home. */
export const SOCKET_NAME = 'supervisor.sock';

/** Each release takes the next multiple of this, so its own increments never reach the next release's numbers. */
export const FENCE_STRIDE = 1000;

export interface Fenced {
  readonly fence: number;
  /** `workflowId/step`, for the journal: one line for each effect that really happened. */
  readonly key: string;
}

export interface FenceRequest {
  /** The first run id of the release: the same holder gets the same number again. */
  readonly holder: string;
}

export interface FenceGrant {
  readonly fence: number;
}

export interface PutRevision extends Fenced {
  readonly command: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly replicas: number;
  readonly readinessPath: string;
  /** Prometheus' label `service` for each role. */
  readonly stableService: string;
  readonly canaryService: string;
}

/** A revision that runs what another one runs, only fresh: comparisons are made with it. */
export interface PutBaseline extends Fenced {
  /** The version whose command, environment and files it has, and whose name it tells as its own. */
  readonly of: string;
  readonly replicas: number;
  /** Prometheus' label `service` of this one. */
  readonly baselineService: string;
}

export interface PutWeights extends Fenced {
  readonly weights: Readonly<Record<string, number>>;
  /**
   * For the way back: a growing side that is short of capacity gets what it can carry now, and the answer is still
   * `SHIPLOCK_LOCAL_NOT_READY`, so that the rest is asked for again.
   */
  readonly partial?: boolean;
}

export interface PutRoles extends Fenced {
  readonly stable: string | null;
  readonly canary: string | null;
}

/**
 * One flag in flagd's format: https://flagd.dev/schema/v0/flags.json
 *
 * @example { "state": "ENABLED", "variants": { "on": true, "off": false }, "defaultVariant": "off" }
 */
export interface FlagDefinition {
  readonly state: 'ENABLED' | 'DISABLED';
  readonly variants: Readonly<Record<string, unknown>>;
  readonly defaultVariant?: string | null;
  readonly targeting?: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** A definitions file of flagd's. At most 192 KiB, and 32 KiB for one flag. */
export interface FlagDefinitions {
  readonly flags: Readonly<Record<string, FlagDefinition>>;
  readonly $evaluators?: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export interface PutFlag extends Fenced {
  readonly definition: FlagDefinition;
  /** Refused with `SHIPLOCK_LOCAL_FLAG_CHANGED` where the flag is neither at this revision nor as it is wanted. */
  readonly ifRevision?: string;
}

/** Flags of the same key are replaced, those given as `null` removed; others stay. */
export interface FlagEdits extends Omit<FlagDefinitions, 'flags'> {
  readonly flags: Readonly<Record<string, FlagDefinition | null>>;
}

/** An edit by hand: without a fence. */
export interface PutFlags {
  readonly key: string;
  readonly definitions: FlagEdits;
}

export interface FlagStatus {
  readonly flag: string;
  readonly definition: FlagDefinition;
  /** Of the definition: the same for the same one. */
  readonly revision: string;
}

export interface FlagWritten extends FlagStatus {
  /** False: it was so already. */
  readonly changed: boolean;
}

export interface ServiceStatus {
  readonly service: string;
  /** Where clients reach the service: `http://127.0.0.1:PORT`. */
  readonly address: string;
  /** Where the side without traffic is reached: the new one before a switch, the old one after it while it is warm. */
  readonly preview: string;
  /** The version that answers there; `null` where there is none. */
  readonly previewVersion: string | null;
  readonly fence: number;
  readonly stable: string | null;
  readonly canary: string | null;
  readonly weights: Readonly<Record<string, number>>;
  readonly revisions: readonly RevisionStatus[];
}

export interface RevisionStatus {
  readonly version: string;
  readonly replicas: number;
  readonly instances: readonly InstanceStatus[];
}

export interface InstanceStatus {
  readonly pid: number | null;
  readonly port: number;
  readonly state: 'starting' | 'ready' | 'unready' | 'crashed' | 'stopping';
  readonly restarts: number;
  /** Why it is not ready, in words: exit code, refused connection, status of the readiness path. */
  readonly because: string;
}

export interface StackStatus {
  readonly home: string;
  readonly pid: number;
  readonly servers: {
    readonly temporal: ServerStatus & { readonly address: string; readonly ui: string };
    readonly envoy: ServerStatus & { readonly admin: string };
    readonly prometheus: ServerStatus & { readonly address: string };
    /** Where OFREP is answered: `http://127.0.0.1:PORT`. */
    readonly flags: ServerStatus & { readonly address: string };
  };
  readonly services: readonly ServiceStatus[];
}

export interface ServerStatus {
  readonly pid: number | null;
  readonly version: string;
  readonly state: 'starting' | 'ready' | 'down';
  readonly because: string;
}

export interface Refusal {
  readonly code:
    | 'SHIPLOCK_FENCE_STALE'
    | 'SHIPLOCK_LOCAL_NOT_READY'
    | 'SHIPLOCK_LOCAL_CARRIES_TRAFFIC'
    | 'SHIPLOCK_LOCAL_REVISIONS_FULL'
    | 'SHIPLOCK_LOCAL_SERVICE_UNKNOWN'
    | 'SHIPLOCK_LOCAL_REQUEST_INVALID'
    | 'SHIPLOCK_LOCAL_ROUTER'
    | 'SHIPLOCK_LOCAL_FLAG_UNKNOWN'
    | 'SHIPLOCK_LOCAL_FLAG_CHANGED'
    | 'SHIPLOCK_LOCAL_FLAGS_INVALID'
    | 'SHIPLOCK_LOCAL_FLAG_SERVICE'
    | 'SHIPLOCK_LOCAL_DISK'
    | 'SHIPLOCK_LOCAL_FAILED';
  readonly message: string;
}
