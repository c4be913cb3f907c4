/** What the harness needs of a platform that releases go to. */
import type { Client } from '@temporalio/client';
import type { Shiplock } from '../../src/client/index.ts';
import type { Plan } from '../../src/plan/index.ts';
import type { Kind } from './kinds.ts';
import type { WorkerProcess } from './worker.ts';

export interface Platform {
  /** A namespace of Temporal, and whatever its releases share. */
  openLane(name: string): Promise<Lane>;
  /** What a release must come to, written by hand. @param images whether there is an image phase */
  demanded(kind: Kind, images: boolean): Demanded;
  /** Ends everything. */
  close(): Promise<void>;
}

/** Where releases go on one after the other. */
export interface Lane {
  readonly shiplock: Shiplock;
  readonly client: Client;
  startWorker(): Promise<WorkerProcess>;
  /** A service of its own whose stable version has all requests. */
  prepare(kind: Kind, service: string): Promise<Ground>;
}

/** One service, before and after its release. */
export interface Ground {
  readonly plan: Plan;
  /** Where its requests go. */
  readonly address: string;
  /** The worker's writes, where they can be seen one by one. */
  readonly writes?: Writes;
  /** What has become of it; then nothing of it runs any more. */
  found(): Promise<Found>;
}

export interface Writes {
  /** So far: `PATCH httproutes`. */
  readonly seen: readonly string[];
  /** Holds the write of this number, counted from 1, before or after it reaches the platform, until that is done. */
  at(number: number, side: Side, then: () => Promise<void>): void;
}

/** `before`: nobody but the worker knows of it. `after`: it is done, but the worker has no answer. */
export type Side = 'before' | 'after';

/** What the platform and what is beside it show. */
export interface Found {
  /** What happened to the service, a line each, in order. */
  readonly effects: readonly string[];
  /** What the configuration file held, one after the other. */
  readonly contents: readonly string[];
  /** What is there afterwards. */
  readonly left: readonly string[];
}

/** What must be the same, whenever the worker died. */
export interface Ending extends Found {
  readonly outcome: string;
  readonly because: string;
  /** Whether an image was built for it. */
  readonly images: boolean;
  /** Answers of one version after the end. */
  readonly serves: string;
  readonly undone: readonly string[];
  readonly decisions: readonly string[];
  /** Workflow tasks that failed in a worker: a replay that differed would be one. */
  readonly failedTasks: number;
}

export type Demanded = Pick<Ending, 'outcome' | 'effects' | 'contents' | 'left' | 'serves' | 'failedTasks'>;
