import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import type { ConfigurationEdit } from '../../src/plan/plan.ts';
import { syncDirectory } from '../durable.ts';
import { failure } from '../failure.ts';

export interface FieldFence {
  /** Names the field of the file, for the names of temporary files. */
  readonly name: string;
  /** @throws SHIPLOCK_FENCE_STALE (not retried) where a higher number was seen since */
  readonly check: () => void;
}

/**
 * The highest fencing number that wrote a field, kept beside the files on this host. Each field has its own, since
 * one file may carry the versions of several services, whose numbers know nothing of each other.
 *
 * @throws SHIPLOCK_FENCE_STALE (not retried) for a lower number than the field has seen
 */
export async function raiseFence(options: {
  readonly state: string;
  /** The file itself, symbolic links followed. */
  readonly file: string;
  readonly edit: ConfigurationEdit;
  readonly fence: number;
}): Promise<FieldFence> {
  const { state, file, edit, fence } = options;
  const field = [file, edit.kind, edit.resource ?? '', edit.field];
  const name = createHash('sha256').update(JSON.stringify(field)).digest('hex').slice(0, 16);
  const seen = path.join(state, name);
  const check = () => {
    const highest = highestIn(seen);
    if (fence < highest) throw stale(edit, fence, highest);
  };
  await mkdir(seen, { recursive: true, mode: 0o700 });
  check();
  await (await open(path.join(seen, `${fence}`), 'w', 0o600)).close();
  await syncDirectory(seen);
  check();
  const lower = numbersIn(seen).filter((number) => number < fence);
  for (const number of lower) await rm(path.join(seen, `${number}`), { force: true });
  return { name, check };
}

/** Each number is a file of its own, so a process that stalls while it writes one can never lower the highest. */
function highestIn(seen: string): number {
  return Math.max(0, ...numbersIn(seen));
}

function numbersIn(seen: string): number[] {
  return readdirSync(seen)
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function stale(edit: ConfigurationEdit, fence: number, seen: number) {
  return failure(
    {
      code: 'SHIPLOCK_FENCE_STALE',
      message: `${edit.field} of ${edit.file} was written under the fencing number ${seen}, this write has ${fence}`,
    },
    { retry: 'never' },
  );
}
