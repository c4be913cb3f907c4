/** A release, from its start to its archive. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ArchiverOptions, startArchiver } from '../../workers/archive.ts';
import { type ReleaseStatus, TASK_QUEUE } from '../../workflows/messages.ts';
import type { Handle, Server } from './server.ts';

const folders: string[] = [];
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Empty, and gone with the process. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shiplock-archive-'));
  folders.push(folder);
  return folder;
}

export function archiverOptions(server: Server, folder: string, more: Partial<ArchiverOptions> = {}): ArchiverOptions {
  return { client: server.client, folder, bundle: server.bundle, intervalMs: 200, taskQueue: TASK_QUEUE, ...more };
}

/** Archives until the run is there; its folder. */
export async function archived(server: Server, handle: Handle, folder: string): Promise<string> {
  const archiver = startArchiver(archiverOptions(server, folder));
  const run = join(folder, handle.workflowId, handle.firstExecutionRunId);
  await until(() => existsSync(run)).finally(() => archiver.stop());
  return run;
}

export async function waitingForApproval(handle: Handle): Promise<ReleaseStatus> {
  let status: ReleaseStatus | undefined;
  await until(async () => {
    status = await handle.query<ReleaseStatus>('status');
    assert.notEqual(status.phase, 'ended', status.because);
    return status.waiting?.kind === 'approval';
  });
  return status as ReleaseStatus;
}

export async function approve(handle: Handle): Promise<void> {
  const { waiting } = await waitingForApproval(handle);
  await handle.signal('approve', { step: waiting?.token, comment: 'looks good' });
}

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < 500; looks += 1) {
    if (await holds()) return;
    await delay(100);
  }
  throw new Error(`never: ${holds}`);
}
