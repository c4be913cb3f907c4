import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Manifest, renderReplay, replayArchive } from '../../src/audit/index.ts';
import type { ShiplockError } from '../../src/errors.ts';
import { startArchiver } from '../../workers/archive.ts';
import { loadWorkflowBundle } from '../../workers/bundle.ts';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import { automatic } from '../workflow/plans.ts';
import { approve, archived, archiverOptions, newFolder, until, waitingForApproval } from './archived.ts';
import { openServer, quickPlan, type Server } from './server.ts';

const limit = { timeout: 300_000 };
const replay = (path: string) => replayArchive(path, { currentBundle: loadWorkflowBundle });

let server: Server;
let archive: string;
/** The archived run of a release that a person approved. */
let approved: string;

before(async () => {
  server = await openServer();
  archive = newFolder();
  const handle = await server.start(quickPlan('approved-api'));
  await approve(handle);
  await handle.result();
  approved = await archived(server, handle, archive);
}, limit);

after(() => server.close());

describe('the archive', () => {
  test('holds history, plan, status, manifest, and the workflow code by its digest', () => {
    const files = ['history.json', 'manifest.json', 'plan.json', 'release-notes.md', 'status.json'];
    assert.deepEqual(readdirSync(approved).sort(), files);
    const manifest = manifestOf(approved);
    assert.equal(manifest.closing, 'completed');
    assert.equal(manifest.outcome, 'released');
    assert.equal(manifest.service, 'approved-api');
    assert.deepEqual(manifest.bundle, { digest: server.bundle.digest, from: 'history' });
    assert.equal(
      manifest.events.length,
      JSON.parse(readFileSync(join(approved, 'history.json'), 'utf8')).events.length,
    );
    assert.equal(readFileSync(join(archive, 'bundles', `${server.bundle.digest}.js`), 'utf8'), server.bundle.code);
  });

  test('holds the release notes, and finds them altered or missing', limit, async () => {
    const run = join(newFolder(), 'run');
    cpSync(approved, run, { recursive: true });
    const file = join(run, 'release-notes.md');
    const notes = readFileSync(file, 'utf8');
    assert.match(notes, /^# approved-api 1\.0\.0 → 1\.1\.0 in production\n\n\*\*Released\*\*/);
    assert.match(notes, /\n## Decisions\n[\s\S]*looks good/);
    const found = async () => {
      const { runs } = await replayArchive(run, { bundle: 'current', currentBundle: loadWorkflowBundle });
      return runs[0]?.differences.map(({ check, what, because }) => `${check} ${what}: ${because}`);
    };
    writeFileSync(file, notes.replace('looks good', 'looks bad'));
    assert.deepEqual(await found(), ['manifest release-notes.md: it was altered after it was archived']);
    rmSync(file);
    assert.deepEqual(await found(), ['manifest release-notes.md: it is missing']);
  });

  test('that was written before there were release notes is as whole as ever', limit, async () => {
    const run = join(newFolder(), 'run');
    cpSync(approved, run, { recursive: true });
    rmSync(join(run, 'release-notes.md'));
    const { 'release-notes.md': _, ...files } = manifestOf(run).files;
    writeFileSync(join(run, 'manifest.json'), JSON.stringify({ ...manifestOf(run), files }));
    const { ok } = await replayArchive(run, { bundle: 'current', currentBundle: loadWorkflowBundle });
    assert.ok(ok);
  });

  test('replays with every verdict as recorded', limit, async () => {
    const report = await replay(archive);
    assert.deepEqual(
      report.runs.flatMap(({ differences }) => differences),
      [],
    );
    assert.match(renderReplay(report), /replayed: 1 run, \d+ verdicts, all as recorded$/);
    assert.ok(report.verdicts >= 6, `${report.verdicts} verdicts`);
    assert.equal(report.runs[0]?.bundle.from, 'archive');
  });

  test('has a terminated release within a minute, and its verdicts until then', limit, async () => {
    const folder = newFolder();
    const archiver = startArchiver(archiverOptions(server, folder));
    try {
      const handle = await server.start(quickPlan('terminated-api'));
      await waitingForApproval(handle);
      await handle.terminate('somebody pulled the plug');
      const ended = Date.now();
      const run = join(folder, handle.workflowId, handle.firstExecutionRunId);
      await until(() => existsSync(run));
      assert.ok(Date.now() - ended < 60_000);
      assert.equal(manifestOf(run).closing, 'terminated');
      const report = await replay(run);
      assert.deepEqual(report.runs[0]?.differences, []);
      assert.equal(report.runs[0]?.status?.waiting?.kind, 'approval');
      assert.ok(report.verdicts >= 6);
    } finally {
      await archiver.stop();
    }
  });

  test('has every run of a release that was continued as new', limit, async () => {
    const folder = newFolder();
    const handle = await server.start(automatic(quickPlan('continued-api')), { eventsPerRun: 40 });
    const { continued } = (await handle.result()) as ReleaseStatus;
    assert.ok(continued >= 1);
    await archived(server, handle, folder);
    const runs = join(folder, handle.workflowId);
    await archivedRuns(folder, handle.workflowId, continued + 1);
    const report = await replay(runs);
    assert.deepEqual(
      report.runs.flatMap(({ differences }) => differences),
      [],
    );
    assert.equal(report.runs.length, continued + 1);
    assert.deepEqual(
      report.runs.map(({ last }) => last),
      report.runs.map((_, index) => index === continued),
    );
    assert.equal(report.runs.at(-1)?.status?.outcome, 'released');
  });

  test('of a release that waited its turn knows who asked for it', limit, async () => {
    const handle = await server.enqueue(automatic(quickPlan('queued-api')));
    await handle.result();
    const report = await replay(await archived(server, handle, newFolder()));
    assert.deepEqual(report.runs[0]?.differences, []);
    assert.match(report.runs[0]?.status?.startedBy ?? '', /@/);
  });

  test('has what ended just before its worker did', limit, async () => {
    const folder = newFolder();
    const archiver = startArchiver(archiverOptions(server, folder, { intervalMs: 60_000 }));
    await until(() => existsSync(join(folder, approved.slice(archive.length))));
    const handle = await server.start(quickPlan('last-api'));
    await waitingForApproval(handle);
    await handle.terminate('the last one');
    await until(async () => (await handle.describe()).status.name === 'TERMINATED');
    await archiver.stop();
    assert.ok(existsSync(join(folder, handle.workflowId, handle.firstExecutionRunId)));
  });

  test('is written once by two archivers that see the same end', limit, async () => {
    const folder = newFolder();
    const failures: ShiplockError[] = [];
    const archivers = [1, 2, 3].map(() =>
      startArchiver(archiverOptions(server, folder, { onFailure: (failure) => failures.push(failure) })),
    );
    try {
      await until(() => existsSync(join(folder, approved.slice(archive.length))));
    } finally {
      await Promise.all(archivers.map((archiver) => archiver.stop()));
    }
    assert.deepEqual(failures, []);
    assert.deepEqual(readdirSync(join(folder, '.partial')), [], 'nothing is left half-written');
    assert.deepEqual((await replay(join(folder, approved.slice(archive.length)))).runs[0]?.differences, []);
  });

  test('that cannot be written raises an alert, and is written when it can be', limit, async () => {
    const folder = join(newFolder(), 'not-a-folder');
    writeFileSync(folder, 'a full disk fails alike');
    const failures: ShiplockError[] = [];
    const archiver = startArchiver(archiverOptions(server, folder, { onFailure: (failure) => failures.push(failure) }));
    try {
      await until(() => failures.length >= 2);
      assert.equal(failures[0]?.code, 'SHIPLOCK_ARCHIVE_FAILED');
      assert.match(failures[0]?.message ?? '', /not-a-folder/);
      rmSync(folder);
      await until(() => existsSync(join(folder, approved.slice(archive.length))));
    } finally {
      await archiver.stop();
    }
  });
});

async function archivedRuns(folder: string, workflowId: string, count: number): Promise<void> {
  const archiver = startArchiver(archiverOptions(server, folder));
  await until(() => readdirSync(join(folder, workflowId)).length === count).finally(() => archiver.stop());
}

function manifestOf(run: string): Manifest {
  return JSON.parse(readFileSync(join(run, 'manifest.json'), 'utf8'));
}
