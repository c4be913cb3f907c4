import { MAX_MIGRATIONS, MAX_SQL_TOTAL_BYTES } from '../limits.ts';
import type { DatabasePlan, Migration } from '../plan.ts';
import type { Path } from '../problem.ts';
import { piece, valueAt } from '../shape/check.ts';
import { approvalPlan } from './approval.ts';
import type { Context } from './context.ts';
import { readMigrations } from './migrations.ts';
import { databaseSchema } from './schema-phases.ts';

const LOCK_TIMEOUT_MS = 500;
const STATEMENT_TIMEOUT_MS = 30_000;
const DEADLINE_MS = 5 * 60_000;
const APPROVAL_DEADLINE_MS = 60 * 60_000;

/** `undefined`: the release changes no database, or what it says of one is wrong. */
export function compileDatabase(context: Context): DatabasePlan | undefined {
  const { source, report } = context;
  const database = piece(databaseSchema, valueAt(source.value, ['database']));
  if (database === undefined) return undefined;
  if (database.expand === undefined && database.contract === undefined) {
    const message = 'names no files; expected a folder of SQL as expand, as contract, or one of each';
    report.error(source, ['database'], 'SHIPLOCK_PLAN_NEEDS', message, 'key');
  }
  if (database.contract === undefined && database.approval !== undefined) {
    const message = 'stands without a contract, which it would be for; remove it, or name the folder as contract';
    report.error(source, ['database', 'approval'], 'SHIPLOCK_PLAN_NEEDS', message, 'key');
  }
  const lockTimeoutMs = database.lockTimeout ?? LOCK_TIMEOUT_MS;
  const deadlineMs = database.deadline ?? DEADLINE_MS;
  for (const [field, ms] of [
    ['lockTimeout', lockTimeoutMs],
    ['statementTimeout', database.statementTimeout ?? STATEMENT_TIMEOUT_MS],
    ['deadline', deadlineMs],
  ] as const) {
    if (ms > 0) continue;
    report.error(source, ['database', field], 'SHIPLOCK_PLAN_RANGE', 'is 0, which would wait for ever; expected more');
  }
  const expand = folder(context, 'expand', database.expand);
  const contract = folder(context, 'contract', database.contract);
  checkTogether(context, expand, contract);
  return {
    name: database.name,
    expand,
    contract,
    lockTimeoutMs,
    statementTimeoutMs: database.statementTimeout ?? STATEMENT_TIMEOUT_MS,
    deadlineMs,
    approval: approvalPlan(database.approval, APPROVAL_DEADLINE_MS),
  };
}

function folder(context: Context, kind: 'expand' | 'contract', name: string | undefined): Migration[] {
  return name === undefined ? [] : readMigrations(context, ['database', kind], name);
}

/** What both folders must not be together. Migrations are recorded by service and name. */
function checkTogether(context: Context, expand: readonly Migration[], contract: readonly Migration[]): void {
  const { source, report } = context;
  const at: Path = ['database', 'contract'];
  for (const { name } of contract.filter((file) => expand.some((other) => other.name === file.name))) {
    const message = `holds ${name}, as the folder of expand does; names must differ`;
    report.error(source, at, 'SHIPLOCK_PLAN_DUPLICATE', message);
  }
  const all = [...expand, ...contract];
  if (all.length > MAX_MIGRATIONS) {
    const message = `has ${all.length} migrations; expected at most ${MAX_MIGRATIONS} in one release`;
    report.error(source, ['database'], 'SHIPLOCK_PLAN_SQL', message, 'key');
  }
  const bytes = all.reduce((sum, { sql }) => sum + Buffer.byteLength(sql), 0);
  if (bytes > MAX_SQL_TOTAL_BYTES) {
    const message = `has ${Math.ceil(bytes / 1024)} KiB of SQL; expected at most ${MAX_SQL_TOTAL_BYTES / 1024} in one release`;
    report.error(source, ['database'], 'SHIPLOCK_PLAN_SQL', message, 'key');
  }
}
