/** A folder of SQL files, read into the plan: what people approve is what runs. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { MAX_MIGRATIONS, MAX_SQL_BYTES } from '../limits.ts';
import type { Migration } from '../plan.ts';
import type { Path } from '../problem.ts';
import { MIGRATION } from '../shape/names.ts';
import { misfitsOf } from '../sql/one-transaction.ts';
import { lacksSql, placeIn, unprintable } from '../sql/text.ts';
import { wholeFile } from '../yaml/read.ts';
import { type Context, shownName } from './context.ts';

/** Of one file; more of them say nothing new. */
const MISFITS_SHOWN = 20;

/** The files of a folder in the order of their names; what is wrong with one is reported at its place. */
export function readMigrations(context: Context, at: Path, folder: string): Migration[] {
  const names = listed(context, at, folder);
  if (names.length === 0) return [];
  checkOrder(context, at, folder, names);
  return names.flatMap((name) => readMigration(context, folder, name) ?? []);
}

function listed(context: Context, at: Path, folder: string): string[] {
  const { source, report } = context;
  let names: string[];
  try {
    names = readdirSync(path.resolve(context.directory, folder))
      .filter((name) => /\.sql$/i.test(name))
      .sort();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    const because =
      code === 'ENOENT' ? 'does not exist' : code === 'ENOTDIR' ? 'is no folder' : `cannot be read (${code})`;
    report.error(source, at, 'SHIPLOCK_PLAN_FILE', `${folder} ${because}; expected a folder of NNN_name.sql`);
    return [];
  }
  if (names.length === 0) {
    report.error(source, at, 'SHIPLOCK_PLAN_NEEDS', `${folder} holds no file that ends in .sql`);
  }
  const wrong = names.filter((name) => !MIGRATION.test(name));
  for (const name of wrong.slice(0, MAX_MIGRATIONS)) {
    const message = 'is no name of a migration; expected digits and a name, for example 001_add_owner.sql';
    report.error(wholeFile(shownName(context.file, path.join(folder, name))), [], 'SHIPLOCK_PLAN_SQL', message);
  }
  if (names.length > MAX_MIGRATIONS) {
    const message = `${folder} holds ${names.length} migrations; expected at most ${MAX_MIGRATIONS} in one release`;
    report.error(source, at, 'SHIPLOCK_PLAN_SQL', message);
    return [];
  }
  return names.filter((name) => MIGRATION.test(name));
}

/** Files run in the order of their names, which must be the order of their numbers. */
function checkOrder(context: Context, at: Path, folder: string, names: readonly string[]): void {
  const digits = (name: string) => name.slice(0, name.indexOf('_'));
  for (const [index, name] of names.entries()) {
    const next = names[index + 1];
    if (next === undefined) continue;
    if (Number(digits(name)) === Number(digits(next))) {
      const message = `${folder} holds ${name} and ${next}, of one number; which comes first?`;
      context.report.error(context.source, at, 'SHIPLOCK_PLAN_DUPLICATE', message);
    } else if (digits(name).length !== digits(next).length) {
      const message = `${folder} holds ${name} and ${next}; expected numbers of one length, so that their order is plain`;
      context.report.error(context.source, at, 'SHIPLOCK_PLAN_SQL', message);
    }
  }
}

function readMigration(context: Context, folder: string, name: string): Migration | undefined {
  const file = shownName(context.file, path.join(folder, name));
  const refuse = (message: string, line = 1, column = 1) => {
    context.report.error({ file, place: () => ({ line, column }) }, [], 'SHIPLOCK_PLAN_SQL', message);
    return undefined;
  };
  const bytes = readBytes(path.resolve(context.directory, folder, name));
  if (typeof bytes === 'string') return refuse(`${bytes}; expected a file of SQL`);
  if (bytes.length > MAX_SQL_BYTES) return refuse(`is larger than ${MAX_SQL_BYTES / 1024} KiB; split it`);
  let sql: string;
  try {
    sql = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse('is no UTF-8; expected SQL as UTF-8');
  }
  const wrong = unprintable(sql);
  if (wrong !== null) return refuse(`holds the character ${wrong.shown}, which SQL cannot`, wrong.line, wrong.column);
  if (lacksSql(sql)) return refuse('is empty; expected SQL');
  for (const { what, because, index } of misfitsOf(sql).slice(0, MISFITS_SHOWN)) {
    const { line, column } = placeIn(sql, index);
    refuse(`${what} ${because}, and a file is one transaction of the engine's own; take it out`, line, column);
  }
  return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
}

/** The file's bytes, at most one more than is allowed; or why there are none. */
function readBytes(file: string): Buffer | string {
  try {
    if (!statSync(file).isFile()) return 'is not a file';
    const buffer = Buffer.alloc(MAX_SQL_BYTES + 1);
    const descriptor = openSync(file, 'r');
    try {
      let length = 0;
      for (let read = -1; read !== 0 && length < buffer.length; length += read) {
        read = readSync(descriptor, buffer, length, buffer.length - length, null);
      }
      return buffer.subarray(0, length);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    return `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`;
  }
}
