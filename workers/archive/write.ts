/**
 * Writing in a folder that several workers share and any of them may die in: everything is made in `.partial` and
 * then renamed, so that what has its name is whole.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { WorkflowBundle } from '../bundle.ts';
import type { ClosedExecution } from './closed.ts';

const PARTIAL = '.partial';
/** Nobody writes for that long: its writer died. */
const ABANDONED_AFTER_MS = 60 * 60_000;

export function hasRun(folder: string, execution: ClosedExecution): boolean {
  return existsSync(join(folderOf(folder, execution), 'manifest.json'));
}

/** Writes the files of one run; where another worker was faster, its archive stays. */
export async function writeRun(
  folder: string,
  execution: ClosedExecution,
  files: ReadonlyMap<string, string>,
): Promise<void> {
  const partial = await openPartial(folder);
  try {
    for (const [name, text] of files) await writeFile(join(partial, name), text, { flush: true });
    const target = folderOf(folder, execution);
    await mkdir(dirname(target), { recursive: true });
    await rename(partial, target).catch((error: NodeJS.ErrnoException) => {
      if ((error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') || !hasRun(folder, execution)) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Keeps workflow code under its digest. */
export async function keepBundle(folder: string, { digest, code }: WorkflowBundle): Promise<void> {
  const target = join(folder, 'bundles', `${digest}.js`);
  if (existsSync(target)) return;
  const partial = await openPartial(folder);
  try {
    await writeFile(join(partial, 'bundle.js'), code, { flush: true });
    await mkdir(dirname(target), { recursive: true });
    await rename(join(partial, 'bundle.js'), target);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** What a worker left that died while it wrote. */
export async function removeRemains(folder: string): Promise<void> {
  const partials = join(folder, PARTIAL);
  if (!existsSync(partials)) return;
  for (const name of await readdir(partials)) {
    const left = await stat(join(partials, name)).catch(() => null);
    if (left && Date.now() - left.mtimeMs > ABANDONED_AFTER_MS)
      await rm(join(partials, name), { recursive: true, force: true });
  }
}

async function openPartial(folder: string): Promise<string> {
  const partial = join(folder, PARTIAL, randomUUID());
  await mkdir(partial, { recursive: true });
  return partial;
}

function folderOf(folder: string, { workflowId, runId }: ClosedExecution): string {
  return join(folder, fileName(workflowId), fileName(runId));
}

/** Ids are chosen by whoever starts a workflow; only plain ones become names of folders. */
function fileName(id: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(id) && id !== 'bundles') return id;
  return `id-${createHash('sha256').update(id).digest('hex')}`;
}
