import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeBlockers } from '../../activities/database/blockers.ts';
import { placeOf } from '../../activities/database/place.ts';

test('a position in SQL is a line and a column, as people count characters', () => {
  const table: [string, number, string][] = [
    ['SELEC 1', 1, '1:1'],
    ['SELECT x', 8, '1:8'],
    ['SELECT 1;\nSELEC 2;', 11, '2:1'],
    ['\n\n  x', 5, '3:3'],
    ["SELECT '🚢', x", 13, '1:13'],
    ['é\r\né x', 6, '2:3'],
    ['SELECT', 99, '1:7'],
    ['', 1, '1:1'],
  ];
  for (const [sql, position, expected] of table) {
    assert.equal(placeOf(sql, position), expected, `${position} in ${JSON.stringify(sql)}`);
  }
});

test('who blocks is told in one line, shortened, without what is not known', () => {
  const report = { pid: 7, application_name: 'report', state: 'active', seconds: 3.6, query: 'SELECT 1\n  FROM users' };
  assert.equal(describeBlockers([report]), 'pid 7 (report, active for 4 s: SELECT 1 FROM users)');
  const foreign = { pid: 8, application_name: '', state: null, seconds: null, query: null };
  assert.equal(describeBlockers([foreign]), 'pid 8 (unnamed, of another user)');
  const long = { ...report, query: `SELECT ${'x'.repeat(200)}` };
  assert.ok(describeBlockers([long]).length < 120);
  assert.match(describeBlockers([report, report, report, report, report]), / and 2 more$/);
});
