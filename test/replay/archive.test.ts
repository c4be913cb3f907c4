import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { checkManifest } from '../../src/audit/check-manifest.ts';
import { findRuns } from '../../src/audit/find.ts';
import { type Manifest, renderReplay, replayArchive } from '../../src/audit/index.ts';
import type { ShiplockError } from '../../src/errors.ts';
import { type ArchiverOptions, startArchiver } from '../../workers/archive.ts';
import { loadWorkflowBundle } from '../../workers/bundle.ts';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import { automatic } from '../workflow/plans.ts';
import { activityOf, alter, changePayload, type Json } from './alter.ts';
import { type Handle, openServer, quickPlan, type Server } from './server.ts';

const limit = { timeout: 60_000 };
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
  approved = await archived(handle, archive);
}, limit);

after(() => server.close());

describe('the archive', () => {
  test('holds history, plan, status, manifest, and the workflow code by its digest', () => {
    assert.deepEqual(readdirSync(approved).sort(), ['history.json', 'manifest.json', 'plan.json', 'status.json']);
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
    const archiver = startArchiver(options(folder));
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
    await archived(handle, folder);
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

  test('is written once by two archivers that see the same end', limit, async () => {
    const folder = newFolder();
    const failures: ShiplockError[] = [];
    const archivers = [1, 2, 3].map(() =>
      startArchiver(options(folder, { onFailure: (failure) => failures.push(failure) })),
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
    const archiver = startArchiver(options(folder, { onFailure: (failure) => failures.push(failure) }));
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

describe('an altered archive', () => {
  const forgeries: [
    what: string,
    names: RegExp,
    find: (event: Json, events: Json[]) => boolean,
    change: (event: Json) => void,
  ][] = [
    [
      'the raw answer of a reading whose verdict stays the same',
      /reading of success-rate/,
      (event, events) => isResultOf('measure', event, events) && readingOf(event).query.includes('rate('),
      (event) =>
        changePayload(event.activityTaskCompletedEventAttributes.result, (reading) => {
          reading.raw = reading.raw.replace('"0.999"', '"0.998"');
        }),
    ],
    [
      'the raw answer of a reading whose verdict turns',
      /reading of success-rate/,
      (event, events) => isResultOf('measure', event, events) && readingOf(event).query.includes('rate('),
      (event) =>
        changePayload(event.activityTaskCompletedEventAttributes.result, (reading) => {
          reading.raw = reading.raw.replace('"0.999"', '"NaN"');
        }),
    ],
    [
      'the time of a reading',
      /reading of/,
      (event, events) => isResultOf('measure', event, events),
      (event) =>
        changePayload(event.activityTaskCompletedEventAttributes.result, (reading) => {
          reading.at = '2026-01-01T00:00:00.000Z';
        }),
    ],
    [
      'the duration of a timer',
      /timer \(step-2/,
      (event) => event.timerStartedEventAttributes !== undefined && summaryIncludes(event, 'step-2'),
      (event) => {
        event.timerStartedEventAttributes.startToFireTimeout = '9s';
      },
    ],
    [
      'the weights that were asked for',
      /input of activity setWeights/,
      (event, events) => event.activityTaskScheduledEventAttributes && activityOf(event, events) === 'setWeights',
      (event) =>
        changePayload(event.activityTaskScheduledEventAttributes.input, (request) => {
          request.weights = { '1.0.0': 99, '1.1.0': 1 };
        }),
    ],
    [
      'the plan that the release was given',
      /input of the release/,
      (event) => event.eventId === '1',
      (event) =>
        changePayload(event.workflowExecutionStartedEventAttributes.input, ({ plan }) => {
          plan.promotion.approval.notStarter = true;
        }),
    ],
    [
      'who started the release',
      /input of the release/,
      (event) => event.eventId === '1',
      (event) => {
        event.workflowExecutionStartedEventAttributes.identity = 'somebody else';
      },
    ],
    [
      'who approved',
      /signal approve/,
      (event) => event.workflowExecutionSignaledEventAttributes !== undefined,
      (event) => {
        event.workflowExecutionSignaledEventAttributes.identity = 'mallory';
      },
    ],
    [
      'what an approver wrote',
      /outcome of the release|signal approve/,
      (event) => event.workflowExecutionSignaledEventAttributes !== undefined,
      (event) =>
        changePayload(event.workflowExecutionSignaledEventAttributes.input, (payload) => {
          payload.comment = 'I had my doubts';
        }),
    ],
    [
      'the outcome',
      /outcome of the release/,
      (event) => event.workflowExecutionCompletedEventAttributes !== undefined,
      (event) =>
        changePayload(event.workflowExecutionCompletedEventAttributes.result, (status) => {
          status.because = 'it was fine';
        }),
    ],
    [
      'a search attribute',
      /search attributes/,
      (event) => event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes.indexedFields.ShiplockOutcome,
      (event) => {
        const { indexedFields } = event.upsertWorkflowSearchAttributesEventAttributes.searchAttributes;
        indexedFields.ShiplockOutcome.data = Buffer.from('"rolledBack"').toString('base64');
      },
    ],
  ];

  test('is found out by its manifest, which names the very event', () => {
    for (const [what, , find, change] of forgeries) {
      const { folder, eventId } = alter(approved, 'kept', find, change);
      const [run] = findRuns(folder);
      assert.ok(run?.manifest);
      const named = checkManifest(run.manifest, run.history, run.files).map(({ event }) => event?.id);
      assert.deepEqual(named, [eventId], what);
    }
  });

  for (const [what, names, find, change] of forgeries) {
    test(`with ${what} altered is found out although its manifest was remade`, limit, async () => {
      const { folder, eventId } = alter(approved, 'remade', find, change);
      const report = await replay(folder);
      const differences = report.runs[0]?.differences ?? [];
      assert.equal(report.ok, false);
      assert.ok(differences.every(({ check }) => check !== 'manifest'));
      const text = renderReplay(report);
      assert.match(text, names);
      if (what !== 'what an approver wrote') {
        assert.ok(
          differences.some(({ event }) => event?.id === eventId),
          text,
        );
      }
    });
  }

  test('with a removed event says which', limit, async () => {
    const { folder } = alter(
      approved,
      'kept',
      (event) => event.eventId === '1',
      () => {},
    );
    const file = join(folder, 'history.json');
    const history = JSON.parse(readFileSync(file, 'utf8'));
    const [removed] = history.events.splice(20, 1);
    writeFileSync(file, JSON.stringify(history));
    const report = await replay(folder);
    const because = report.runs[0]?.differences.find(({ event }) => event?.id === removed.eventId)?.because;
    assert.equal(because, 'it was removed after it was archived');
  });

  test('whose workflow code was altered is not run', limit, async () => {
    const { folder } = alter(
      approved,
      'kept',
      (event) => event.eventId === '1',
      () => {},
    );
    const code = join(folder, '../../bundles', `${server.bundle.digest}.js`);
    writeFileSync(code, `${readFileSync(code, 'utf8')}\n`);
    await assert.rejects(replay(folder), { code: 'SHIPLOCK_BUNDLE_ALTERED' });
    const { ok } = await replayArchive(folder, { bundle: 'current', currentBundle: loadWorkflowBundle });
    assert.equal(ok, true);
  });
});

function options(folder: string, more: Partial<ArchiverOptions> = {}): ArchiverOptions {
  return { client: server.client, folder, bundle: server.bundle, intervalMs: 200, ...more };
}

async function archived(handle: Handle, folder: string): Promise<string> {
  const archiver = startArchiver(options(folder));
  const run = join(folder, handle.workflowId, handle.firstExecutionRunId);
  try {
    await until(() => existsSync(run));
  } finally {
    await archiver.stop();
  }
  return run;
}

async function archivedRuns(folder: string, workflowId: string, count: number): Promise<void> {
  const archiver = startArchiver(options(folder));
  await until(() => readdirSync(join(folder, workflowId)).length === count).finally(() => archiver.stop());
}

async function waitingForApproval(handle: Handle): Promise<ReleaseStatus> {
  let status: ReleaseStatus | undefined;
  await until(async () => {
    status = await handle.query<ReleaseStatus>('status');
    assert.notEqual(status.phase, 'ended', status.because);
    return status.waiting?.kind === 'approval';
  });
  return status as ReleaseStatus;
}

async function approve(handle: Handle): Promise<void> {
  const { waiting } = await waitingForApproval(handle);
  await handle.signal('approve', { step: waiting?.token, comment: 'looks good' });
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < 500; looks += 1) {
    if (await holds()) return;
    await delay(100);
  }
  throw new Error(`never: ${holds}`);
}

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'shiplock-archive-'));
}

function manifestOf(run: string): Manifest {
  return JSON.parse(readFileSync(join(run, 'manifest.json'), 'utf8'));
}

function isResultOf(type: string, event: Json, events: Json[]): boolean {
  return event.activityTaskCompletedEventAttributes !== undefined && activityOf(event, events) === type;
}

function readingOf(event: Json): Json {
  const [payload] = event.activityTaskCompletedEventAttributes.result.payloads;
  return JSON.parse(Buffer.from(payload.data, 'base64').toString());
}

function summaryIncludes(event: Json, text: string): boolean {
  return Buffer.from(event.userMetadata?.summary?.data ?? '', 'base64')
    .toString()
    .includes(text);
}
