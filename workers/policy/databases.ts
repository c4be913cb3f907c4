import { z } from 'zod';
import type { Plan } from '../../src/plan/plan.ts';
import type { Policy } from '../policy.ts';

/** A database that migrations may change: which variable of the worker holds its connection string. */
export interface Database {
  readonly url: { readonly env: string };
}

export const databasesSchema = z.record(
  z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'expected lower-case letters, digits, hyphens'),
  z.strictObject({
    url: z.strictObject({
      env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, 'expected the name of a variable'),
    }),
  }),
);

/** The connection string of a database; `null` where the policy names none of this name, or its variable is not set. */
export function databaseConnection(database: string, policy: Policy | null, own: NodeJS.ProcessEnv): string | null {
  const databases = policy?.databases ?? {};
  const named = Object.hasOwn(databases, database) ? databases[database] : undefined;
  return (named && own[named.url.env]) || null;
}

/** A database that the plan changes and the policy does not name. */
export function databaseRefusals({ database }: Plan, { databases }: Policy): string[] {
  if (!database || Object.hasOwn(databases, database.name)) return [];
  return [`the database "${database.name}" is not in "databases"`];
}
