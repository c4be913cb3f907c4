import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { EXIT, exitCodeOf } from '../../src/cli/exit.ts';
import { reportOf } from '../../src/cli/failure.ts';
import { autoPromoteFrom, durationOption, releaseIdFrom } from '../../src/cli/invocation.ts';
import { run } from '../../src/cli/main.ts';
import { COMMANDS } from '../../src/cli/registry.ts';
import { openScreen } from '../../src/cli/screen.ts';
import { table } from '../../src/cli/table.ts';
import { abilities, type Terminal } from '../../src/cli/terminal.ts';
import { visibilityQuery } from '../../src/client/list.ts';

async function shiplock(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const terminal: Terminal = {
    env: {},
    color: false,
    live: false,
    interactive: false,
    width: 100,
    rows: 40,
    out: (text) => {
      out += `${text}\n`;
    },
    err: (text) => {
      err += `${text}\n`;
    },
    ask: async () => '',
  };
  return { code: await run(args, terminal), out, err };
}

suite('the command line', () => {
  test('says its version and its help, and exits with 0', async () => {
    assert.match((await shiplock('--version')).out, /^\d+\.\d+\.\d+\n$/);
    const { code, out } = await shiplock('--help');
    assert.equal(code, 0);
    for (const { name, summary } of COMMANDS) assert.match(out, new RegExp(`${name} .*${summary.slice(0, 20)}`));
    for (const known of Object.values(EXIT).filter((exit) => exit !== EXIT.released))
      assert.match(out, new RegExp(`(^ +|· )${known} `, 'm'), `the help says nothing of exit code ${known}`);
  });

  test('shows the help where no command is given, and exits with 2', async () => {
    const { code, out } = await shiplock();
    assert.equal(code, 2);
    assert.match(out, /^Usage: shiplock/);
  });

  for (const { name } of COMMANDS) {
    test(`${name} has help of its own`, async () => {
      const { code, out, err } = await shiplock(name, '--help');
      assert.equal(code, 0, err);
      assert.match(out, new RegExp(`^Usage: shiplock ${name} `));
    });
  }

  test('is written down: every command, and every option of its own', async () => {
    const reference = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
    for (const { name } of COMMANDS) {
      assert.match(reference, new RegExp(`\\| \`${name} |### \`${name}`), `docs/cli.md says nothing of ${name}`);
      const { out } = await shiplock(name, '--help');
      for (const [, option] of out.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)) {
        const shared = option === '--help' || option === '--output';
        assert.ok(shared || reference.includes(`\`${option}`), `docs/cli.md says nothing of ${name} ${option}`);
      }
    }
  });

  test('judge and analyse show an example, and analyse its exit codes', async () => {
    for (const name of ['judge', 'analyse'])
      assert.match((await shiplock(name, '--help')).out, /^Example: [\s\S]*shiplock /m);
    const { out } = await shiplock('analyse', '--help');
    assert.match(out, /0 it passes · 3 a release would go back · 5 /);
    assert.doesNotMatch(out, /default: (\[\]|\{\})/, 'a default of nothing is none to tell');
  });

  const MISTAKES: [string[], RegExp][] = [
    [['gte'], /unknown command 'gte' \(Did you mean get\?\)/],
    [['get'], /missing required argument 'release'/],
    [['get', 'api', '--wtach'], /unknown option '--wtach' \(Did you mean --watch\?\)/],
    [['get', 'a/b/c'], /"a\/b\/c" names no release/],
    [['get', 'api', '--timeout', '5x'], /--timeout: "5x" is not a duration/],
    [['get', 'api', '--timeout', '99999h'], /--timeout: .*longer than|--timeout must be/],
    [['get', 'api', '--notes', '--watch'], /--notes and --watch exclude each other/],
    [['get', 'api', '-o', 'yaml'], /Allowed choices are text, json/],
    [['start', '--if-busy', 'maybe'], /Allowed choices are fail, wait, supersede/],
    [['list', '--open', '--ended'], /exclude each other/],
    [['list', '--limit', '0'], /--limit is "0"/],
    [['skip', 'api'], /required option '--reason <text>' not specified/],
    [['approve', 'Not A Name'], /names no release/],
  ];
  for (const [args, message] of MISTAKES) {
    test(`refuses "${args.join(' ')}" with exit code 2, one line and how to mend it`, async () => {
      const { code, err, out } = await shiplock(...args);
      assert.equal(code, 2, err);
      const [what, mend, ...more] = err.trimEnd().split('\n');
      assert.match(what ?? '', message);
      assert.match(what ?? '', /^error: .* \(SHIPLOCK_USAGE\)$/);
      assert.match(mend ?? '', /^ {2}mend: /);
      assert.deepEqual([more, out], [[], '']);
    });
  }

  test('says errors as JSON too where JSON was asked for', async () => {
    for (const flag of [['-o', 'json'], ['--output=json'], ['-ojson']]) {
      const { code, out } = await shiplock('get', 'a/b/c', ...flag);
      const report = JSON.parse(out);
      assert.deepEqual([code, report.ok, report.error.code], [2, false, 'SHIPLOCK_USAGE']);
    }
  });

  test('checks a file that is not there with its place, and exits with 1', async () => {
    const { code, out } = await shiplock('check', '/nowhere/release.yaml');
    assert.equal(code, 1);
    assert.match(out, /^\/nowhere\/release\.yaml:1:1: /);
  });
});

test('an unexpected error is one line without a stack', () => {
  assert.deepEqual(reportOf(new Error('first\nsecond')).error.message, 'first');
  assert.equal(reportOf('text').error.code, 'SHIPLOCK_UNEXPECTED');
});

test('a release is named by environment/service, by service, or by its workflow id', () => {
  assert.equal(releaseIdFrom('staging/api', {}), 'release-staging-api');
  assert.equal(releaseIdFrom('api', {}), 'release-production-api');
  assert.equal(releaseIdFrom('api', { ENVIRONMENT: 'staging' }), 'release-staging-api');
  assert.equal(releaseIdFrom('release-staging-api', {}), 'release-staging-api');
  assert.equal(releaseIdFrom('staging/release-notes', {}), 'release-staging-release-notes');
  for (const wrong of ['', '/', 'a/', '/b', 'a b', 'A', "x'"]) assert.throws(() => releaseIdFrom(wrong, {}));
});

test('AUTO_PROMOTE is true, false or absent', () => {
  assert.equal(autoPromoteFrom({ AUTO_PROMOTE: 'true' }), true);
  assert.equal(autoPromoteFrom({ AUTO_PROMOTE: 'false' }), false);
  assert.equal(autoPromoteFrom({ AUTO_PROMOTE: '' }), undefined);
  assert.equal(autoPromoteFrom({}), undefined);
  assert.throws(() => autoPromoteFrom({ AUTO_PROMOTE: '1' }), { code: 'SHIPLOCK_USAGE' });
});

test('durations need a unit and fit into a timer', () => {
  const timeout = durationOption('--timeout');
  assert.equal(timeout('90s'), 90_000);
  assert.equal(timeout('1h30m'), 5_400_000);
  for (const wrong of ['90', '0s', '-1s', '5x', '577h'])
    assert.throws(() => timeout(wrong), { code: 'SHIPLOCK_USAGE' });
});

test('each outcome has its exit code', () => {
  const codes = (['released', 'rolledBack', 'rejected', 'stillWaiting', 'broken'] as const).map(exitCodeOf);
  assert.deepEqual(codes, [0, 3, 4, 5, 1]);
});

suite('what a terminal may be used for', () => {
  const tty = { stdin: { isTTY: true }, stdout: { isTTY: true, columns: 80, rows: 24 } };
  const pipe = { stdin: {}, stdout: { isTTY: false, columns: 80, rows: 24 } };
  const cases: [string, Record<string, string>, typeof tty | typeof pipe, [boolean, boolean, boolean]][] = [
    ['a terminal: everything', {}, tty, [true, true, true]],
    ['a pipe: nothing', {}, pipe, [false, false, false]],
    ['NO_COLOR: no colour, still in place', { NO_COLOR: '1' }, tty, [false, true, true]],
    ['an empty NO_COLOR counts for nothing', { NO_COLOR: '' }, tty, [true, true, true]],
    ['CI: plain lines, nobody to ask', { CI: 'true' }, tty, [false, false, false]],
    ['CI=false is no CI', { CI: 'false' }, tty, [true, true, true]],
    ['FORCE_COLOR: colour also in a pipe', { FORCE_COLOR: '1' }, pipe, [true, false, false]],
    ['NO_COLOR wins over FORCE_COLOR', { FORCE_COLOR: '1', NO_COLOR: '1' }, tty, [false, true, true]],
    ['a dumb terminal: plain lines', { TERM: 'dumb' }, tty, [false, false, false]],
  ];
  for (const [name, env, streams, [color, live, interactive]] of cases) {
    test(name, () => assert.deepEqual(abilities(env, streams), { color, live, interactive }));
  }
});

test('a screen draws in place, only what changed, and never more rows than there are', () => {
  const written: string[] = [];
  const screen = openScreen({ rows: 3 }, (text) => void written.push(text));
  screen.draw('a\nb\nc\nd');
  screen.draw('a\nb\nc\nd');
  screen.draw('e');
  screen.close();
  assert.deepEqual(written, ['\u001b[?25l', '\r\u001b[Jc\nd\n', '\u001b[2A\r\u001b[Je\n', '\u001b[?25h']);
});

test('a table has columns as wide as their widest cell, and cuts at the edge', () => {
  const text = table(
    ['A', 'B'],
    [
      ['long cell', 'x'],
      ['y', 'z\u001b[2J'],
    ],
    { color: false, width: 14 },
  );
  assert.equal(text, 'A          B\nlong cell  x\ny          z[…');
});

suite('the list’s filter', () => {
  test('names only releases, and no run that was continued', () => {
    assert.equal(visibilityQuery({}), "WorkflowType = 'release' AND ExecutionStatus != 'ContinuedAsNew'");
    assert.match(
      visibilityQuery({ service: 'api', open: true }),
      /ShiplockService = 'api' AND ExecutionStatus = 'Running'/,
    );
  });

  test('lets nobody in who brings a quote', () => {
    assert.throws(() => visibilityQuery({ service: "a' OR '1" }), { code: 'SHIPLOCK_NAME_INVALID' });
    assert.throws(() => visibilityQuery({ environment: 'a"b' }), { code: 'SHIPLOCK_NAME_INVALID' });
  });
});
