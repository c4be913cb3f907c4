import { z } from 'zod';
import type { Plan } from '../../src/plan/plan.ts';
import type { Policy } from './contents.ts';
import { matchesName } from './patterns.ts';

const names = z.array(z.string().min(1).max(1000)).min(1).max(1000).optional();

export const databasesSchema = z.record(
  z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'expected lower-case letters, digits, hyphens'),
  z.strictObject({
    url: z.strictObject({
      env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, 'expected the name of a variable'),
    }),
    services: names,
    environments: names,
  }),
);

/** The connection string of a database; `null` where the policy names none of this name, or its variable is not set. */
export function databaseConnection(database: string, policy: Policy | null, own: NodeJS.ProcessEnv): string | null {
  const databases = policy?.databases ?? {};
  const named = Object.hasOwn(databases, database) ? databases[database] : undefined;
  return (named && own[named.url.env]) || null;
}

/** A database that the plan changes and the policy does not name, or not for this service or environment. */
export function databaseRefusals({ database, service, environment }: Plan, { databases }: Policy): string[] {
  if (!database) return [];
  const named = Object.hasOwn(databases, database.name) ? databases[database.name] : undefined;
  if (!named) return [`the database "${database.name}" is not in "databases"`];
  const isFor = (name: string, patterns?: readonly string[]) =>
    patterns === undefined || patterns.some((pattern) => matchesName(name, pattern));
  const field = (which: string) => `is not in "databases.${database.name}.${which}"`;
  return [
    ...(isFor(service, named.services) ? [] : [`the service "${service}" ${field('services')}`]),
    ...(isFor(environment, named.environments) ? [] : [`the environment "${environment}" ${field('environments')}`]),
  ];
}
