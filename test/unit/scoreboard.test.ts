import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { EQUIVALENTS } from '../cluster/scoreboard/equivalents.ts';
import { counted, linesOf, scoreboard } from '../cluster/scoreboard/page.ts';
import { ARGO, FLAGGER } from '../cluster/scoreboard/regressions.ts';
import type { Result } from '../cluster/scoreboard/results.ts';
import { SCENARIOS, scenarioOf } from '../cluster/scoreboard/scenarios.ts';
import { standingOf } from '../cluster/scoreboard/standing.ts';

const root = join(import.meta.dirname, '../..');
const result = (changes: Partial<Result> = {}): Result => ({
  scenario: 'TestCanarySetCanaryScale',
  by: 'native',
  test: 'the canary has its pods',
  file: 'test/cluster/scenarios/scale.test.ts',
  passed: true,
  at: 1,
  ...changes,
});

/** What the page says of scenario 34. */
function marks(...results: readonly Result[]): readonly string[] {
  const line = linesOf(results)[33];
  assert.ok(line);
  return [line.native, line.argo];
}

describe('The scenarios of the scoreboard', () => {
  it('are the 146 of Argo Rollouts, each once, and each has its standing', () => {
    assert.equal(SCENARIOS.length, 146);
    assert.equal(new Set(SCENARIOS.map(({ suite, name }) => `${suite}/${name}`)).size, 146);
    assert.deepEqual(
      SCENARIOS.map(({ number }) => number),
      Array.from({ length: 146 }, (_, index) => index + 1),
    );
    for (const scenario of SCENARIOS) assert.ok(standingOf(scenario).kind);
  });

  it('aimed at are those that are said what is asserted of', () => {
    const aimed = SCENARIOS.filter((scenario) => standingOf(scenario).kind === 'aimed').map(({ number }) => number);
    assert.deepEqual(aimed, Object.keys(EQUIVALENTS).map(Number));
    assert.equal(aimed.length, 65);
  });

  it('are found by their names, with the suite where two have one', () => {
    assert.equal(scenarioOf('TestIstioHostSplit').number, 92);
    assert.equal(scenarioOf('CanarySuite/TestEphemeralMetadata').number, 39);
    assert.throws(() => scenarioOf('TestEphemeralMetadata'), /2 scenarios/);
    assert.throws(() => scenarioOf('TestNothing'), /0 scenarios/);
  });
});

describe('A scenario', () => {
  it('is open as long as no test of it has run', () => assert.deepEqual(marks(), ['open', 'open']));
  it('passes when all of its tests do', () => assert.deepEqual(marks(result(), result()), ['passed', 'open']));
  it('fails with one of them', () =>
    assert.deepEqual(marks(result(), result({ test: 'another', passed: false })), ['failed', 'open']));
  it('is what each test came to when it ran last', () => {
    assert.deepEqual(marks(result({ at: 2 }), result({ at: 1, passed: false })), ['passed', 'open']);
    assert.deepEqual(marks(result({ at: 1 }), result({ at: 2, passed: false })), ['failed', 'open']);
  });
  it('counts apart where Argo’s controller carried it', () =>
    assert.deepEqual(marks(result({ by: 'argo' })), ['open', 'passed']));
  it('is in one line of the page, with what is asserted and the test', () => {
    const page = scoreboard([result()]);
    assert.match(
      page,
      /^\| 34 \| CanarySuite<br>TestCanarySetCanaryScale \| passed \| {2}\| .*“the canary has its pods”/m,
    );
    assert.equal(page.match(/^\| \d+ \| \w+Suite<br>/gm)?.length, 146);
    assert.match(page, /Aimed at now: 65, of which 1 passed/);
    assert.equal(counted(linesOf([result()])).passed, 1);
  });
});

describe('What hurt users of others', () => {
  it('is covered by tests that exist under that name', () => {
    for (const { issues, covered, open } of [...ARGO, ...FLAGGER]) {
      assert.ok(covered.length > 0 || open, `${issues}: neither covered nor open`);
      for (const cover of covered) {
        if ('scenario' in cover) assert.ok(EQUIVALENTS[cover.scenario], `scenario ${cover.scenario} is not aimed at`);
        else
          assert.ok(readFileSync(join(root, cover.file), 'utf8').includes(cover.test), `${cover.file}: ${cover.test}`);
      }
    }
    assert.equal(ARGO.length, 15);
  });
});

describe('The page as it lies there', () => {
  it('has today’s scenarios, standings and regressions', () => {
    const lines = (page: string) =>
      page
        .split('\n')
        .filter((line) => /^\| (?!by )/.test(line))
        .map((line) => line.split(' | ').slice(0, 2));
    const page = readFileSync(join(root, 'test/cluster/scoreboard.md'), 'utf8');
    assert.deepEqual(
      lines(page).slice(1),
      lines(scoreboard([])).slice(1),
      'write it anew: npm run test:cluster, or npm run scoreboard',
    );
  });
});
