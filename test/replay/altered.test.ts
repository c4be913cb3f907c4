import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { checkManifest } from '../../src/audit/check-manifest.ts';
import { findRuns } from '../../src/audit/find.ts';
import { replayArchive } from '../../src/audit/index.ts';
import { differenceText } from '../../src/audit/render.ts';
import { loadWorkflowBundle } from '../../workers/bundle.ts';
import { alter } from './alter.ts';
import { approve, archived, newFolder } from './archived.ts';
import { FORGERIES, summaryIncludes } from './forgeries.ts';
import { openServer, quickPlan, type Server } from './server.ts';

const limit = { timeout: 300_000 };
const replay = (path: string) => replayArchive(path, { currentBundle: loadWorkflowBundle });

let server: Server;
/** The archived run of a release that a person approved. */
let approved: string;

before(async () => {
  server = await openServer();
  const handle = await server.start(quickPlan('approved-api'));
  await approve(handle);
  await handle.result();
  approved = await archived(server, handle, newFolder());
}, limit);

after(() => server.close());

describe('shiplock replay, in a fresh process', () => {
  test('prints every reading with its verdict, the decisions and the outcome, and exits with 0', limit, async () => {
    const { code, stdout, stderr } = await shiplock('replay', approved);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /background success-rate: .*good where result\[0\] >= 0\.99/);
    assert.match(stdout, /T.*Z {2}10 % {2}\[0\.999\] {2}pass/);
    assert.match(stdout, /approve accepted \(approval 1 of 1\) from/);
    assert.match(stdout, /outcome released: 1\.1\.0 has all traffic/);
    assert.match(stdout, /replayed: 1 run, \d+ verdicts, all as recorded\n$/);
  });

  test('names what was altered and exits with 1', limit, async () => {
    const { folder, eventId } = alter(
      approved,
      'remade',
      (event) => event.timerStartedEventAttributes !== undefined && summaryIncludes(event, 'step-2'),
      (event) => {
        event.timerStartedEventAttributes.startToFireTimeout = '9s';
      },
    );
    const { code, stdout } = await shiplock('replay', folder);
    assert.equal(code, 1);
    const named = `event ${eventId} TIMER_STARTED (timer (step-2`;
    assert.ok(stdout.includes(named), stdout);
    assert.match(stdout, /\$\.durationMs: recorded 9000, computed 1200/);
    const json = JSON.parse((await shiplock('replay', folder, '-o', 'json')).stdout);
    assert.equal(json.ok, false);
    assert.equal(json.runs[0].differences[0].event.id, eventId);
  });

  test('says what it needs of a file that is no history', limit, async () => {
    const { code, stderr } = await shiplock('replay', import.meta.filename);
    assert.equal(code, 1);
    assert.match(stderr, /SHIPLOCK_HISTORY_UNREADABLE/);
  });
});

describe('an altered archive', () => {
  test('is found out by its manifest, which names the very event', () => {
    for (const { what, find, change } of FORGERIES) {
      const { folder, eventId } = alter(approved, 'kept', find, change);
      const [run] = findRuns(folder);
      assert.ok(run?.manifest);
      const named = checkManifest(run.manifest, run.history, run.files).map(({ event }) => event?.id);
      assert.deepEqual(named, [eventId], what);
    }
  });

  for (const { what, named, namedByConsequence, find, change } of FORGERIES) {
    test(`with ${what} altered is found out although its manifest was remade`, limit, async () => {
      const { folder, eventId } = alter(approved, 'remade', find, change);
      const report = await replay(folder);
      const differences = report.runs[0]?.differences ?? [];
      assert.equal(report.ok, false);
      assert.ok(differences.every(({ check }) => check !== 'manifest'));
      const text = differences.map(differenceText).join('\n');
      assert.match(text, named);
      assert.ok(namedByConsequence || differences.some(({ event }) => event?.id === eventId), text);
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

/** As a person calls it, in a process of its own. */
async function shiplock(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const program = join(import.meta.dirname, '../../bin/shiplock.js');
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [program, ...args])) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}
