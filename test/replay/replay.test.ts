/**
 * Histories that earlier code made, from JSON files, with the code as it is now: it gives the same commands and
 * reaches the same verdicts. (From files, since a history in memory hides that several copies of protobufjs are
 * installed, with which no history file can be read.)
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderReplay, replayArchive } from '../../src/audit/index.ts';
import { loadWorkflowBundle } from '../../workers/bundle.ts';

/** How each scenario ended (`null`: it is no release), and how many verdicts it takes at least. */
/** At least so many verdicts: since part 2 the readings begin 33 s into the ramp, which is one less of each metric. */
const ENDS: Readonly<Record<string, { readonly outcome: string | null; readonly verdicts: number }>> = {
  released: { outcome: 'released', verdicts: 19 },
  'rolled-back': { outcome: 'rolledBack', verdicts: 15 },
  rejected: { outcome: 'rejected', verdicts: 19 },
  'approval-timed-out': { outcome: 'rolledBack', verdicts: 19 },
  cancelled: { outcome: 'rolledBack', verdicts: 8 },
  continued: { outcome: 'released', verdicts: 19 },
  'first-release': { outcome: 'released', verdicts: 4 },
  whole: { outcome: 'released', verdicts: 19 },
  'phase-undone': { outcome: 'released', verdicts: 19 },
  compared: { outcome: 'released', verdicts: 4 },
  'compared-worse': { outcome: 'rolledBack', verdicts: 2 },
  kayenta: { outcome: 'released', verdicts: 8 },
  'job-and-quiet': { outcome: 'released', verdicts: 20 },
  scaled: { outcome: 'released', verdicts: 0 },
  'scaled-aborted': { outcome: 'rolledBack', verdicts: 0 },
  'pods-are-the-traffic': { outcome: 'released', verdicts: 0 },
  'job-in-the-cluster': { outcome: 'rolledBack', verdicts: 2 },
  driven: { outcome: 'released', verdicts: 0 },
  'driven-aborted': { outcome: 'rolledBack', verdicts: 0 },
  restarted: { outcome: null, verdicts: 0 },
};

const folder = join(import.meta.dirname, 'histories');
const recorded = existsSync(folder) ? readdirSync(folder).sort() : [];

test('every scenario has a recorded history', () => {
  const missing = Object.keys(ENDS).filter((scenario) => !recorded.some((name) => name.startsWith(`${scenario}.`)));
  assert.deepEqual(missing, [], 'record them at the end of a part: npm run record:histories');
});

for (const name of recorded) {
  test(`the recorded release ${name} replays with every verdict as recorded`, { timeout: 300_000 }, async () => {
    const report = await replayArchive(join(folder, name), { currentBundle: loadWorkflowBundle });
    assert.equal(report.ok, true, renderReplay(report));
    const end = ENDS[name.split('.')[0] ?? ''];
    assert.ok(end, `${name} is no scenario that this test knows`);
    assert.equal(report.runs.at(-1)?.status?.outcome ?? null, end.outcome);
    assert.ok(report.verdicts >= end.verdicts, `${report.verdicts} verdicts`);
    if (name.startsWith('continued.')) assert.ok(report.runs.length >= 3, `${report.runs.length} runs`);
  });
}
