import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerChecklist } from '../../src/validation/checklist.ts';
import { releaseNotes } from '../../src/validation/notes.ts';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import { at, DIGEST, wholePlan, wholeStatus } from './validation-records.ts';

const plan = wholePlan();
const by = { name: 'ann', level: 'identity', eventId: '7' } as const;
const approved = {
  id: '1',
  signal: 'approve',
  at: at(12),
  accepted: true,
  because: 'promotion goes on',
  payload: '{}',
  by,
};
const whole: ReleaseStatus = {
  ...wholeStatus(),
  phase: 'ended',
  outcome: 'released',
  because: '1.2.0 has all traffic',
  checklist: answerChecklist(plan, wholeStatus()),
  decisions: [approved, { ...approved, id: '2', accepted: false, because: 'nothing waits for this' }],
};

/** Cells of the rows below a heading, without the padding that the UI's tables need. */
function rowsOf(notes: string, heading: string): string[][] {
  const section = notes.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.replaceAll('\u00a0', ' ').trim()),
  );
}

describe('release notes', () => {
  const notes = releaseNotes(plan, whole);

  it('begin with what changed, and how it ended', () => {
    assert.match(
      notes,
      /^# credlink-api 1\.0\.0 → 1\.2\.0 in production\n\n\*\*Released\*\*: 1\.2\.0 has all traffic\n/,
    );
  });

  it('name the plan, the image by its digest, and who started it', () => {
    assert.ok(notes.includes(`registry.example/api:1.2.0@${DIGEST}`));
    assert.ok(notes.includes(`\`${'d'.repeat(64)}\``));
    assert.match(notes, /2026-11-23 15:00:00 UTC by ci@pipeline/);
  });

  it('tell of each migration whether it was applied, found, or not done', () => {
    assert.deepEqual(rowsOf(notes, 'Database'), [
      ['001\\_owner.sql', 'expand', 'applied', 'in 12 ms'],
      ['901\\_drop.sql', 'contract', 'not done', ''],
    ]);
  });

  it('tell each move of traffic with what was seen of it, and none of the other steps', () => {
    const rows = rowsOf(notes, 'Traffic');
    assert.deepEqual(rows[0], ['2026-11-23 15:00:07', 'step-1', 'done', 'confirmed by the router']);
    assert.deepEqual(
      rows.map(([, title]) => title),
      [
        ...['step-1', 'step-2', 'step-3', 'step-4', 'monitor', 'promotion'],
        ...['cutover-preview', 'cutover-before', 'cutover-approval', 'cutover-switch', 'cutover-after'],
      ],
    );
  });

  it('tell flags, decisions of people that counted, and the whole checklist', () => {
    assert.deepEqual(rowsOf(notes, 'Flags'), [['`new-checkout`', '`on`', '0 %', '100 %']]);
    assert.deepEqual(rowsOf(notes, 'Decisions'), [
      ['2026-11-23 15:00:12 UTC', 'approve', 'ann (identity)', 'promotion goes on', '`{}`'],
    ]);
    assert.equal(rowsOf(notes, 'Checklist').length, whole.checklist?.length);
    assert.match(notes, /22 of 22 passed\./);
  });

  it('say before the details what was taken back, with its reason', () => {
    const taken = releaseNotes(plan, { ...whole, undone: [{ phase: 'flags', because: 'success-rate: 0.7' }] });
    assert.match(
      taken,
      /^# .*\n\n\*\*Released, without flags\*\*.*\n\n## Taken back\n\n- \*\*flags\*\*: success-rate: 0\.7\n/,
    );
  });

  it('leave out what there is nothing of', () => {
    const { database, ...rest } = plan;
    const little = { ...whole, flags: undefined, decisions: [], checklist: undefined, metrics: [], progress: [] };
    const headings = [...releaseNotes(rest, little).matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    assert.deepEqual(headings, []);
  });

  it('let no foreign text break a table, or become markup', () => {
    const evil = 'a | b\n# c <script> [x](http://y) `z` **d**';
    const status: ReleaseStatus = {
      ...whole,
      because: evil,
      startedBy: evil,
      progress: whole.progress.map((line) => ({ ...line, title: evil, because: evil })),
      flags: [{ key: evil, variant: evil, from: 0, percent: 1, revision: '' }],
      decisions: [{ ...approved, because: evil, payload: evil, by: { ...by, name: evil } }],
      checklist: [{ step: 43, item: evil, verdict: 'passed', evidence: evil }],
      metrics: whole.metrics.map((metric) => ({ ...metric, metric: evil, condition: evil, because: evil })),
      undone: [{ phase: 'flags', because: evil }],
    };
    const text = releaseNotes(plan, status);
    assert.equal(text.split('\n').filter((line) => line.startsWith('# ')).length, 1);
    const outsideCode = text.replace(/`[^`\n]*`/g, '');
    assert.doesNotMatch(outsideCode, /(?<!\\)<script/);
    assert.doesNotMatch(outsideCode, /(?<!\\)\[x/);
    for (const [heading, cells] of Object.entries({
      Traffic: 4,
      Flags: 4,
      Decisions: 5,
      Checklist: 4,
      'What was judged': 5,
    })) {
      const rows = rowsOf(text, heading);
      assert.ok(rows.length > 0, heading);
      assert.ok(
        rows.every((row) => row.length === cells),
        `${heading} keeps its ${cells} columns`,
      );
    }
  });
});
