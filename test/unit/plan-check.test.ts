import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { checkCommand } from '../../src/cli/check.ts';
import { blueGreen, edited, folderOf, GOOD, WHOLE } from './plan-fixture.ts';

function check(files: Readonly<Record<string, string>>, names: readonly string[], options: object = {}) {
  const folder = folderOf(files);
  let text = '';
  const code = checkCommand(
    names.map((name) => path.join(folder, name)),
    {
      version: '1.2.0',
      width: 120,
      color: false,
      write: (chunk) => {
        text += chunk;
      },
      ...options,
    },
  );
  return { code, text, folder };
}

describe('shiplock check', () => {
  test('prints the plan of a release as a table with its earliest duration, and exits with 0', () => {
    const { code, text } = check(GOOD, ['release.yaml']);
    assert.equal(code, 0);
    const lines = text.split('\n').map((line) => line.trimEnd());
    assert.match(
      lines[0] ?? '',
      /^shop 1\.2\.0 → production · on local: 2 × node shop\.js \{\{version\}\} · plan [0-9a-f]{12}$/,
    );
    assert.deepEqual(lines.slice(1, 4), [
      '  EARLIEST  PHASE          WHAT                                                           DEADLINE',
      '            gates          test: npm test                                                 10m, then rejected',
      '                           coverage: coverage/lcov.info at 80 % or more                   10m, then rejected',
    ]);
    assert.match(text, /\+5m +step 3: analysis smoke/);
    assert.match(text, /\n {6}\+15m +window +old side kept warm for 10m\n/);
    assert.match(text, /\nearliest 25m: 15m of canary and 10m of window, after gates and readiness\n$/);
    assert.ok(lines.every((line) => line.length <= 120));
  });

  for (const width of [80, 100, 120, 160]) {
    test(`fits a terminal of ${width} columns, with all phases`, () => {
      for (const line of check(WHOLE, ['release.yaml'], { width }).text.split('\n').slice(1))
        assert.ok(line.length <= width, `${line.length}: ${line}`);
    });
  }

  test('prints every phase in its order, with its earliest time and what a failure leads to', () => {
    const { code, text } = check(WHOLE, ['release.yaml'], { width: 160 });
    assert.equal(code, 0);
    const lines = text.split('\n').map((line) => line.trimEnd());
    const phases = lines.slice(2, -2).map((line) => line.slice(12, 27).trim());
    assert.deepEqual(
      phases.filter((phase) => phase !== ''),
      [
        ...['gates', 'image', 'configuration', 'expand', 'canary', 'promotion', 'cutover'],
        ...['flags', 'validation', 'window', 'contract', 'released'],
      ],
    );
    const shown = (wanted: RegExp) => lines.find((line) => wanted.test(line))?.trim() ?? '';
    assert.match(
      shown(/^ +image /),
      /localhost:5000\/shop\/api:1\.2\.0, built from app\/Dockerfile +10m, then rejected$/,
    );
    assert.match(shown(/digest: image\.digest in /), /values\.yaml$/);
    assert.match(shown(/001_add_owner\.sql on shop/), /\(SHA-256 [0-9a-f]{12}…\) +5m, then back$/);
    assert.match(shown(/all traffic in one switch/), /^\+15m/);
    assert.match(shown(/new-checkout=on: analysis smoke/), /^\+16m .* 10m, then undone$/);
    assert.match(shown(/performance: 20 requests\/s of \/items for 30s: p95 ≤ 0\.5 s, failed ≤ 1 %/), /then back$/);
    assert.match(shown(/no way back/), /1h, then dropped$/);
    assert.match(shown(/003_drop_seller\.sql/), /5m, then a person decides$/);
    assert.match(
      text,
      /\nearliest 26m30s: 15m of canary, 1m of flags, 30s of validation and 10m of window, after gates and readiness\n$/,
    );
    assert.ok(lines.every((line) => line.length <= 160));
  });

  test('prints every error as file:line:column: path: message, and exits with 1', () => {
    const { code, text, folder } = check(edited('rollout.yaml', 'setWeight: 20', 'setWeight: 101'), ['release.yaml']);
    assert.equal(code, 1);
    assert.equal(
      text,
      `${folder}/rollout.yaml:15:22: spec.strategy.canary.steps[0].setWeight: is 101; expected a whole percentage from 0 to 100\n`,
    );
  });

  test('checks a Rollout and its templates without a release file', () => {
    const { code, text } = check(GOOD, ['rollout.yaml', 'templates.yaml']);
    assert.equal(code, 0);
    assert.match(text, /^Rollout shop\n/);
    assert.match(text, /earliest 15m, after readiness\n$/);
  });

  test('checks a blue-green Rollout and its templates without a release file', () => {
    const { code, text } = check(blueGreen(), ['rollout.yaml', 'templates.yaml']);
    assert.equal(code, 0);
    assert.match(text, /\+0s +cutover +before: analysis smoke +10m, then back\n/);
    assert.match(text, /\+0s +pause 1m30s, or until promoted\n +\+1m30s +all traffic in one switch\n/);
    assert.match(text, /earliest 1m30s, after readiness\n$/);
  });

  test('checks templates alone', () => {
    const { code, text } = check(GOOD, ['templates.yaml']);
    assert.deepEqual([code, text], [0, 'the templates are valid; no Rollout uses them here\n']);
  });

  test('takes no control characters from a file to the terminal', () => {
    const { text } = check(edited('release.yaml', '[npm, test]', '[npm, "test\\e[2J"]'), ['release.yaml']);
    assert.doesNotMatch(text.replaceAll('\n', ''), /\p{Cc}/u);
  });

  test('paints only where it is asked to', () => {
    assert.ok(check(GOOD, ['release.yaml'], { color: true }).text.includes('\u001b[1m'));
  });
});

describe('shiplock check -o json', () => {
  const json = (files: Readonly<Record<string, string>>, names: readonly string[]) => {
    const { code, text, folder } = check(files, names, { output: 'json' });
    return { code, folder, ...JSON.parse(text) };
  };

  test('gives ok, errors, warnings and the plan', () => {
    const { code, folder, ...answer } = json(GOOD, ['release.yaml']);
    assert.equal(code, 0);
    assert.deepEqual(Object.keys(answer), ['ok', 'errors', 'warnings', 'plan']);
    assert.deepEqual([answer.ok, answer.errors, answer.warnings], [true, [], []]);
    assert.equal(answer.plan.service, 'shop');
    assert.equal(answer.plan.target.directory, folder);
  });

  test('gives each error its file, line, column, path, code and message', () => {
    const { code, folder, ...answer } = json(edited('rollout.yaml', 'duration: 5m', 'duration: 5x'), ['release.yaml']);
    assert.equal(code, 1);
    assert.deepEqual(answer, {
      ok: false,
      errors: [
        {
          file: `${folder}/rollout.yaml`,
          line: 16,
          column: 30,
          path: 'spec.strategy.canary.steps[1].pause.duration',
          code: 'SHIPLOCK_PLAN_DURATION',
          message: '"5x" is not a duration; expected whole seconds or for example 30s, 5m, 1h30m',
        },
      ],
      warnings: [],
      plan: null,
    });
  });

  test('gives the ramp of a Rollout that stands alone', () => {
    const { plan } = json(GOOD, ['rollout.yaml', 'templates.yaml']);
    assert.equal(plan.rollout, 'shop');
    assert.equal(plan.canary.steps.length, 5);
  });

  test('gives a list of plans for several files', () => {
    const second = (GOOD['release.yaml'] ?? '').replace('service: shop', 'service: store');
    const { plan } = json({ ...GOOD, 'second.yaml': second }, ['release.yaml', 'second.yaml']);
    assert.deepEqual(
      plan.map(({ service }: { service: string }) => service),
      ['shop', 'store'],
    );
  });
});
