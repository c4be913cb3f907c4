import type { ProgramName } from './programs/index.ts';

/** What a supervisor starts, written by whoever starts the supervisor. */
export interface Order {
  readonly home: string;
  readonly programs: Readonly<Record<ProgramName, { readonly path: string; readonly version: string }>>;
  /** A file with the custom resource definitions, as a JSON list. */
  readonly definitions: string;
  readonly nodes: number;
  /** The supervisor has a network namespace to itself, which it furnishes. */
  readonly ownNetwork: boolean;
}

/** What can be said once everything answers. */
export interface Ready {
  /** `https://127.0.0.1:20123`, inside the namespace. */
  readonly server: string;
  /** Of a user in `system:masters`. */
  readonly token: string;
  readonly readyAfterMs: number;
}

/** Pods' addresses; every one of them is local inside the namespace, so a process may listen there. */
export const POD_RANGE = '10.244.0.0/16';
export const CONTEXT = 'test-cluster';
