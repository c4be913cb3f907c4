import type { Client } from '@temporalio/client';
import type { ConnectionSource } from './target.ts';

/** An open connection, and as whom it speaks. Every function of the client takes one. */
export interface Session {
  readonly client: Client;
  /** `host:port` of Temporal's frontend. */
  readonly address: string;
  readonly namespace: string;
  /** Where the address came from, for messages. */
  readonly source: ConnectionSource;
  /** As recorded in history; a claim, unless the server proves a principal. */
  readonly identity: string;
  /** The queue on which the releases' workers listen. */
  readonly taskQueue: string;
  /** How long a worker may take to answer a query before it counts as silent. Default 5 s. */
  readonly queryDeadlineMs?: number;
}

/** The session's own, or the default. */
export function queryDeadlineOf({ queryDeadlineMs = QUERY_DEADLINE_MS }: Session): number {
  return queryDeadlineMs;
}

/** No single question to Temporal may take longer than this. */
export const RPC_DEADLINE_MS = 10_000;

/** A worker that is up answers a query in well under a second, also when it has to replay the release first. */
const QUERY_DEADLINE_MS = 5_000;

/** Runs one call to Temporal within a deadline. */
export function within<R>(session: Session, deadlineMs: number, call: () => Promise<R>): Promise<R> {
  return session.client.withDeadline(Date.now() + deadlineMs, call);
}
