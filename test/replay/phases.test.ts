/** A release with every phase, played, written down and replayed: what was decided is in the report, and judged again. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { type RecordedHistory, renderReplay, replayArchive } from '../../src/audit/index.ts';
import { loadWorkflowBundle } from '../../workers/bundle.ts';
import { CONTRACTS, EXPANDS, FLAG } from '../workflow/phases-plans.ts';
import { DIGEST } from '../workflow/world.ts';
import { activityOf, changePayload, type Json } from './alter.ts';
import { newFolder } from './archived.ts';
import { play, type ScenarioName } from './scenarios.ts';

const limit = { timeout: 300_000 };

describe('the replay of a release with every phase', () => {
  let whole: string;
  before(async () => {
    whole = await written('whole');
  }, limit);

  test('reports what each phase did, and every look and item of the checklist as it was judged', limit, async () => {
    const report = await replay(whole);
    const lines = renderReplay(report)
      .split('\n')
      .map((line) => line.trim());
    assert.ok(report.ok, lines.join('\n'));
    const told = [
      `image localhost:5000/api:1.1.0@${DIGEST}: built, built with buildah and pushed`,
      ...EXPANDS.map((name) => `expand ${name}: applied, applied`),
      ...CONTRACTS.map((name) => `contract ${name}: applied, applied`),
      `flag ${FLAG}: on from 0 % to 100 %`,
    ];
    assert.deepEqual(
      told.filter((line) => !lines.includes(line)),
      [],
    );
    const looks = [
      /^preview: done, \/health answers 200/,
      /^way back: done, /,
      /^security: done, /,
      /^load: done, p95 /,
    ];
    assert.deepEqual(
      looks.filter((look) => !lines.some((line) => look.test(line))),
      [],
    );
    const status = report.runs.at(-1)?.status;
    assert.ok(status?.checklist);
    assert.equal(
      lines.filter((line) => /^checklist 4[3-7] .+: passed, /.test(line)).length,
      passedOf(status.checklist),
    );
    const readings = status.metrics.flatMap(({ readings }) => readings).length;
    assert.equal(report.verdicts, readings + status.gates.length + looks.length + status.checklist.length);
  });

  test('names the phase that was taken back, and the flag as it is again', limit, async () => {
    const report = await replay(await written('phase-undone'));
    const text = renderReplay(report);
    assert.ok(report.ok, text);
    assert.match(text, /^ {2}undone flags: .*flag-errors/m);
    assert.match(text, new RegExp(`^ {2}flag ${FLAG}: on from 0 % to 0 %`, 'm'));
    assert.match(text, /^ {2}checklist \d+ .*: undone, /m);
  });

  const forged: readonly [what: string, activity: string, change: (result: Json) => void][] = [
    [
      'a load that failed',
      'load',
      (report) => {
        report.live.failed = report.live.requests;
      },
    ],
    [
      'an answer of the preview',
      'probe',
      (probe) => {
        probe.status = 500;
      },
    ],
    [
      'the digest of the image',
      'prepareImage',
      (image) => {
        image.digest = `sha256:${'b'.repeat(64)}`;
      },
    ],
    [
      'who had done a migration',
      'migrate',
      (done) => {
        done.outcome = 'found';
      },
    ],
    [
      'the revision of a flag',
      'setFlag',
      (written) => {
        written.state.revision = 'another';
      },
    ],
  ];
  for (const [what, activity, change] of forged) {
    test(`finds that ${what} was altered`, limit, async () => {
      const { ok } = await replay(await written('whole', (events) => changeResult(events, activity, change)));
      assert.equal(ok, false);
    });
  }
});

const played = new Map<ScenarioName, Promise<string>>();

/** The history of one scenario as a file. */
async function written(name: ScenarioName, change: (events: Json[]) => void = () => {}): Promise<string> {
  const json = played.get(name) ?? play(name).then(({ runs: [run] }) => historyToJSON(run?.history ?? {}));
  played.set(name, json);
  const history = JSON.parse(await json) as RecordedHistory;
  change(history.events as Json[]);
  const file = join(newFolder(), 'run-1.json');
  writeFileSync(file, JSON.stringify(history));
  return file;
}

function changeResult(events: Json[], activity: string, change: (result: Json) => void): void {
  const event = events.find((one) => one.activityTaskCompletedEventAttributes && activityOf(one, events) === activity);
  assert.ok(event, activity);
  changePayload(event.activityTaskCompletedEventAttributes.result, change);
}

function replay(file: string) {
  return replayArchive(file, { currentBundle: loadWorkflowBundle });
}

function passedOf(checklist: readonly { readonly verdict: string }[]): number {
  return checklist.filter(({ verdict }) => verdict === 'passed').length;
}
