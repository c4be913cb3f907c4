import { ContinueAsNew } from '@temporalio/workflow';
import type { DatabasePlan } from '../../src/plan/plan.ts';
import { stopMigration } from '../compensate.ts';
import { GoBack, type Release } from '../control.ts';
import { insist } from '../insist.ts';
import { reasonOf } from '../saga.ts';
import { ask, skip, step } from '../steps.ts';
import { migrate } from './expand.ts';
import { approvedBy } from './promotion.ts';

/** A contract that stopped half-way waits this long for somebody; then it is left as it is. */
const FROZEN_DEADLINE_MS = 24 * 60 * 60_000;

/**
 * What only the new version can live with: the point of no return, so a person lets it begin. Whatever happens here,
 * the traffic stays. An abort drops a contract that has not begun, and stops one that has.
 */
export async function contract(release: Release): Promise<void> {
  const { database } = release.plan;
  if (!database || database.contract.length === 0) return;
  release.state.phase = 'contract';
  for (let over = false; !over; ) {
    try {
      await release.goForward(() => forward(release, database));
      over = true;
    } catch (error) {
      if (error instanceof ContinueAsNew) throw error;
      over = await stop(release, database, error);
    }
  }
}

async function forward(release: Release, database: DatabasePlan): Promise<void> {
  await step(release, 'contract', () => approve(release, database));
  for (const [index, migration] of database.contract.entries()) {
    const name = `contract-${index + 1}`;
    await step(release, name, () => migrate(release, 'contract', name, migration));
  }
}

async function approve(release: Release, { approval, contract }: DatabasePlan): Promise<string> {
  const { version } = release.plan;
  const answer = await ask(release, {
    kind: 'approval',
    name: 'contract',
    prompt: `Run ${contract.map(({ name }) => name).join(', ')}? After that only ${version} and later can run.`,
    accepts: ['approve', 'reject'],
    deadlineMs: approval.deadlineMs,
    consequence: 'drops the contract; the release stays',
  });
  if (!answer) throw new GoBack({ outcome: 'rolledBack', because: 'nobody approved the contract in time' });
  return `approved by ${approvedBy(release, 'contract')}`;
}

/** Returns whether the phase is over; `false`: a person says that the rest is to be tried again. */
async function stop(release: Release, database: DatabasePlan, error: unknown): Promise<boolean> {
  const { state } = release;
  release.abort(reasonOf(error));
  const because = state.goingBack?.because ?? '';
  const begun = state.progress.some(({ name, state }) => name.startsWith('contract-') && state !== 'waiting');
  const done = begun ? await whatIsDone(release, database) : [];
  state.goingBack = null;
  if (done.length === database.contract.length) return true;
  if (done.length > 0 && (await isToGoOn(release, database, done, because))) return false;
  leave(release, because);
  return true;
}

async function whatIsDone(release: Release, { name }: DatabasePlan): Promise<readonly string[]> {
  let done: readonly string[] = [];
  await insist(release, `stop what runs in database ${name}; what is done stays`, async () => {
    done = await stopMigration(release, name, 'contract', 'stop the contract');
  });
  return done;
}

async function isToGoOn(
  release: Release,
  { contract }: DatabasePlan,
  done: readonly string[],
  because: string,
): Promise<boolean> {
  const answer = await ask(release, {
    kind: 'contract',
    name: 'contract-stopped',
    prompt: `The contract stopped with ${done.length} of ${contract.length} files done (${because}). Run the rest?`,
    accepts: ['retry', 'skip'],
    deadlineMs: FROZEN_DEADLINE_MS,
    consequence: 'is left as it is',
  });
  return answer?.answer === 'retry';
}

function leave(release: Release, because: string): void {
  const { state } = release;
  state.undone = [...(state.undone ?? []), { phase: 'contract', because }];
  for (const { name } of state.progress) if (name.startsWith('contract')) skip(release, name, `dropped: ${because}`);
  release.changed();
}
