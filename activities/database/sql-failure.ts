import pg from 'pg';
import type { Migration } from '../../src/plan/plan.ts';
import { failure } from '../failure.ts';
import { type Blocker, describeBlockers } from './blockers.ts';
import { placeOf } from './place.ts';

export interface Attempt {
  readonly migration: Migration;
  readonly lockTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly elapsedMs: number;
  /** Who was last seen in the way. */
  readonly blockers: readonly Blocker[];
}

const MESSAGE_LENGTH = 300;
const NOTHING_THERE = 'nothing of this file is there; correct it and start the release again';
const ONE_TRANSACTION =
  'a file is one transaction of the engine’s own: take BEGIN, COMMIT, ROLLBACK, SAVEPOINT, COPY … FROM STDIN and whatever cannot run in a transaction out of it';

/**
 * What PostgreSQL had against a file, as the activity fails with it. What may be otherwise in a moment (a lock, a
 * deadlock, a time-out, a lost connection) is tried again; all else is the file's own.
 */
export function sqlFailure(error: unknown, attempt: Attempt) {
  const { name } = attempt.migration;
  if (!(error instanceof pg.DatabaseError)) {
    // Perhaps it was committed: the next attempt finds its record, or nothing of it.
    return interrupted(`${name}: the connection to the database was lost`);
  }
  const code = error.code ?? '';
  if (code === '55P03') return blocked(attempt);
  if (code === '57014') return interrupted(`${name}: ${whyCancelled(attempt)}`);
  if (code === '40P01') return interrupted(`${name}: it ran into a deadlock and was rolled back`);
  if (/^(08|40|53|57)/.test(code) || code === '25006' || code === '25P03')
    return interrupted(`${name}: ${told(error)}`);
  return failure(
    {
      code: 'SHIPLOCK_MIGRATION_FAILED',
      message: `${placeIn(attempt.migration, error)}: ${told(error)}`,
      mend: endsTransaction(error)
        ? ONE_TRANSACTION
        : [error.hint?.slice(0, MESSAGE_LENGTH), NOTHING_THERE].filter(Boolean).join('; '),
    },
    { retry: 'never' },
  );
}

/** As the server says it, without its details: those may quote rows. */
export function told(error: pg.DatabaseError): string {
  return `${error.message.slice(0, MESSAGE_LENGTH)} (SQLSTATE ${error.code})`;
}

function interrupted(message: string) {
  return failure({ code: 'SHIPLOCK_MIGRATION_INTERRUPTED', message }, { retry: 'later' });
}

function blocked({ migration, lockTimeoutMs, blockers }: Attempt) {
  const who = blockers.length > 0 ? `that ${describeBlockers(blockers)} holds` : 'that somebody held';
  return failure(
    {
      code: 'SHIPLOCK_MIGRATION_BLOCKED',
      message: `${migration.name}: waited ${lockTimeoutMs} ms for a lock ${who}`,
    },
    { retry: 'later' },
  );
}

function whyCancelled({ elapsedMs, statementTimeoutMs }: Attempt): string {
  return elapsedMs >= statementTimeoutMs
    ? `it ran longer than ${statementTimeoutMs} ms and was rolled back`
    : 'somebody cancelled it, and it was rolled back';
}

/**
 * What ends a transaction cannot be executed from within PL/pgSQL (`exec_stmt_dynexecute` in pl_exec.c), nor a
 * procedure that does so (2D000), nor what must not run in a transaction (25001).
 */
function endsTransaction({ code, routine }: pg.DatabaseError): boolean {
  return (code === '0A000' && routine === 'exec_stmt_dynexecute') || code === '2D000' || code === '25001';
}

/** `name:line:column`; the name alone where the server gives no place, or one in other SQL than the file's. */
function placeIn({ name, sql }: Migration, { internalPosition, internalQuery }: pg.DatabaseError): string {
  const position = Number(internalPosition);
  return position > 0 && internalQuery === sql ? `${name}:${placeOf(sql, position)}` : name;
}
