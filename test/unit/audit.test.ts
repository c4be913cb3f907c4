import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Reading } from '../../activities/metrics/port.ts';
import { mismatches } from '../../src/audit/compare.ts';
import { bundleOfBuild, composeArchive, evidenceOf, parseHistory } from '../../src/audit/index.ts';
import { chainOf, eventDigests } from '../../src/audit/manifest.ts';
import { wholePlan, wholeStatus } from './validation-records.ts';

describe('where two values differ', () => {
  const cases: [recorded: unknown, recomputed: unknown, paths: string[]][] = [
    [{ a: 1 }, { a: 1 }, []],
    [1, 2, ['$']],
    [{ a: { b: [1, 2] } }, { a: { b: [1, 3] } }, ['$.a.b[1]']],
    [[1], [1, 2], ['$[1]']],
    [{ a: 1 }, { b: 1 }, ['$.a', '$.b']],
    [{ '1.1.0': 10 }, { '1.1.0': 25 }, ['$["1.1.0"]']],
    [null, {}, ['$']],
    [[], {}, ['$']],
    ['1', 1, ['$']],
  ];
  for (const [recorded, recomputed, paths] of cases) {
    test(`${JSON.stringify(recorded)} and ${JSON.stringify(recomputed)}: ${paths.join(', ') || 'nowhere'}`, () => {
      assert.deepEqual(
        mismatches(recorded, recomputed).map(({ path }) => path),
        paths,
      );
    });
  }
});

describe('the name of a reading', () => {
  const reading: Reading = {
    at: '2026-03-04T12:10:00.000Z',
    address: 'http://prometheus',
    query: 'rate(x[2m])',
    window: '2m',
    raw: '{"status":"success"}',
    error: null,
    beside: '',
  };

  test('is the same in whatever order its fields were written', () => {
    const backwards = Object.fromEntries(Object.entries(reading).reverse()) as unknown as Reading;
    assert.equal(evidenceOf(backwards), evidenceOf(reading));
    assert.match(evidenceOf(reading), /^[0-9a-f]{16}$/);
  });

  for (const field of Object.keys(reading) as (keyof Reading)[]) {
    test(`is another when its ${field} is another`, () => {
      assert.notEqual(evidenceOf({ ...reading, [field]: 'altered' }), evidenceOf(reading));
    });
  }
});

describe('a manifest', () => {
  const event = (eventId: string, eventType: string, more: object) => ({
    eventId,
    eventTime: '2026-03-04T12:10:00Z',
    eventType: `EVENT_TYPE_${eventType}`,
    ...more,
  });
  const json = JSON.stringify({
    events: [
      event('1', 'WORKFLOW_EXECUTION_STARTED', { workflowExecutionStartedEventAttributes: {} }),
      event('2', 'WORKFLOW_TASK_COMPLETED', {
        workflowTaskCompletedEventAttributes: { identity: 'w', workerVersion: { buildId: 'a'.repeat(64) } },
      }),
      event('3', 'WORKFLOW_EXECUTION_TERMINATED', {}),
    ],
  });
  const history = parseHistory(json, 'history.json');
  const run = { workflowId: 'release-x-y', runId: 'r', history, json, archiverBundle: 'b'.repeat(64) };

  test('names each event, the end, and the code that the worker noted', () => {
    const { manifest, files } = composeArchive(run);
    assert.deepEqual(
      manifest.events.map(({ id, type }) => `${id} ${type}`),
      ['1 WORKFLOW_EXECUTION_STARTED', '2 WORKFLOW_TASK_COMPLETED', '3 WORKFLOW_EXECUTION_TERMINATED'],
    );
    assert.equal(manifest.closing, 'terminated');
    assert.equal(manifest.outcome, null);
    assert.deepEqual(manifest.bundle, { digest: 'a'.repeat(64), from: 'history' });
    assert.deepEqual([...files.keys()], ['history.json', 'plan.json', 'manifest.json']);
  });

  test('takes the code of its writer where no worker noted any', () => {
    const [start, , end] = history.events;
    assert.ok(start && end);
    const { manifest } = composeArchive({ ...run, history: { events: [start, end] } });
    assert.deepEqual(manifest.bundle, { digest: 'b'.repeat(64), from: 'archiver' });
  });

  test('has release notes beside a status, and of what was no release none', () => {
    const json = { encoding: Buffer.from('json/plain').toString('base64') };
    const payloads = (value: unknown) => ({
      payloads: [{ metadata: json, data: Buffer.from(JSON.stringify(value)).toString('base64') }],
    });
    const start = event('1', 'WORKFLOW_EXECUTION_STARTED', {
      workflowExecutionStartedEventAttributes: { input: payloads({ plan: wholePlan() }) },
    });
    const filesOf = (status: unknown) => {
      const workflowExecutionCompletedEventAttributes = { result: payloads(status) };
      const end = event('2', 'WORKFLOW_EXECUTION_COMPLETED', { workflowExecutionCompletedEventAttributes });
      return composeArchive({ ...run, history: { events: [start, end] } }).files;
    };
    assert.match(filesOf(wholeStatus()).get('release-notes.md') ?? '', /^# credlink-api /);
    assert.deepEqual(
      [...filesOf({ outcome: 'released' }).keys()],
      ['history.json', 'plan.json', 'status.json', 'manifest.json'],
    );
  });

  test('has a chain that depends on every event and on their order', () => {
    const digests = eventDigests(history);
    assert.notEqual(chainOf(digests.toReversed()), chainOf(digests));
    assert.notEqual(chainOf(digests.slice(1)), chainOf(digests));
  });

  test('is not made of a run that is open', () => {
    assert.throws(() => composeArchive({ ...run, history: { events: history.events.slice(0, 2) } }), /still open/);
  });

  test('believes only digests of code', () => {
    assert.equal(bundleOfBuild('@temporalio/worker@1.24.0+abc'), null);
    assert.equal(bundleOfBuild('../../etc/passwd'), null);
  });
});
