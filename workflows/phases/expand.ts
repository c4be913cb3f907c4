import type { Migration } from '../../src/plan/plan.ts';
import { migrating } from '../activities.ts';
import type { Release } from '../control.ts';
import { keyOf, step } from '../steps.ts';

/** Schema changes that the old version does not see, before the new one gets any traffic. What is done stays. */
export async function expand(release: Release): Promise<void> {
  const { state, plan } = release;
  const { name: database, expand: migrations } = plan.database ?? { name: '', expand: [] };
  if (migrations.length === 0) return;
  state.phase = 'expand';
  for (const [index, migration] of migrations.entries()) {
    const name = `expand-${index + 1}`;
    await step(release, name, () => {
      if (!state.undo.some(({ kind }) => kind === 'stopMigration'))
        state.undo.push({ kind: 'stopMigration', database });
      return migrate(release, 'expand', name, migration);
    });
  }
}

/** One file, whose half is never there. */
export async function migrate(
  release: Release,
  kind: 'expand' | 'contract',
  step: string,
  migration: Migration,
): Promise<string> {
  const { state, plan } = release;
  if (!plan.database) throw new TypeError('a plan without a database has no migrations');
  const { name: database, deadlineMs, lockTimeoutMs, statementTimeoutMs } = plan.database;
  const done = await migrating(migration.name, deadlineMs).migrate({
    database,
    service: plan.service,
    kind,
    migration,
    lockTimeoutMs,
    statementTimeoutMs,
    fence: state.fence,
    key: keyOf(release, step),
  });
  state.migrations = [...(state.migrations ?? []), { kind, name: migration.name, ...done }];
  return done.because;
}
