import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { ShiplockError } from '../../src/errors.ts';
import { readTriggers, type Trigger } from '../../src/triggers/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'shiplock-triggers-'));
after(() => rmSync(folder, { recursive: true }));

const ENV = { HOOK: 'a-secret-of-the-api-repository', OLD: 'the-secret-before-that', SHORT: 'hunter2' };
const GOOD = `apiVersion: shiplock/v1
kind: Triggers
github:
  - repository: credlink/api
    secrets: [{ env: HOOK }, { env: OLD }]
    release: deploy/release.yaml
    environment: production
    maxAge: 2h
    on: { release: {} }
`;

function read(text: string): Trigger[] {
  const file = join(folder, 'serve.yaml');
  writeFileSync(file, text);
  return readTriggers(file, ENV);
}

function problemsOf(text: string): string {
  try {
    read(text);
  } catch (error) {
    assert.ok(error instanceof ShiplockError && error.code === 'SHIPLOCK_SERVE_CONFIG', String(error));
    return error.message.replaceAll(`${folder}/`, '');
  }
  return assert.fail('it was taken');
}

suite('the file of triggers', () => {
  test('names repositories, their secrets by reference, and a release file beside it', () => {
    assert.deepEqual(read(GOOD), [
      {
        repository: 'credlink/api',
        secrets: [ENV.HOOK, ENV.OLD],
        release: join(folder, 'deploy/release.yaml'),
        environment: 'production',
        ifBusy: 'wait',
        maxAgeMs: 2 * 60 * 60_000,
        on: { release: { stripV: true, prereleases: false }, workflowRun: null },
      },
    ]);
  });

  const WRONG: [string, string, RegExp][] = [
    [
      'a field that is none',
      GOOD.replace('maxAge', 'maxAgge'),
      /^serve\.yaml:8:5: github\[0\]\.maxAgge: .*did you mean maxAge/,
    ],
    [
      'a secret written out',
      GOOD.replace('{ env: HOOK }', 'hunter2'),
      /serve\.yaml:5:\d+: github\[0\]\.secrets\[0\]: .*expected a map/,
    ],
    [
      'a secret that is not set',
      GOOD.replace('HOOK', 'NOWHERE'),
      /serve\.yaml:5:\d+: .*the variable NOWHERE is not set/,
    ],
    [
      'a secret that is too short, without showing it',
      GOOD.replace('HOOK', 'SHORT'),
      /SHORT is shorter than 16 characters(?![\s\S]*hunter2)/,
    ],
    ['no secret', GOOD.replace('[{ env: HOOK }, { env: OLD }]', '[]'), /at least 1 entry/],
    ['a repository without its owner', GOOD.replace('credlink/api', 'api'), /expected owner\/name/],
    [
      'an event that is none',
      GOOD.replace('{ release: {} }', '{ push: {} }'),
      /on\.push: .*expected one of release, workflowRun/,
    ],
    ['no event', GOOD.replace('{ release: {} }', '{}'), /names no event/],
    [
      'runs that a pull request may cause',
      GOOD.replace(
        '{ release: {} }',
        '{ workflowRun: { workflow: .github/workflows/ci.yml, branch: main, events: [pull_request] } }',
      ),
      /events\[0\]: is "pull_request"; expected "push"/,
    ],
    [
      'a workflow elsewhere',
      GOOD.replace('{ release: {} }', '{ workflowRun: { workflow: ../ci.yml, branch: main } }'),
      /\.github\/workflows\/NAME\.yml/,
    ],
    ['a duration in a unit that is none', GOOD.replace('2h', '2x'), /maxAge: .*duration/],
    ['an environment that is no name', GOOD.replace('environment: production', 'environment: Prod!'), /DNS label/],
    [
      'two triggers for one event',
      `${GOOD}${GOOD.split('github:\n')[1]?.replace('credlink/api', 'CredLink/API')}`,
      /two triggers for the same release/,
    ],
    ['another kind', GOOD.replace('Triggers', 'Release'), /kind: is "Release"; expected "Triggers"/],
    ['no YAML', 'github: [', /serve\.yaml:\d+:\d+/],
    ['nothing', '', /is empty/],
    ['two documents', `${GOOD}---\n${GOOD}`, /expected one document/],
  ];
  for (const [what, text, message] of WRONG) {
    test(`is refused with its place for ${what}`, () => assert.match(problemsOf(text), message));
  }

  test('that is not there is refused', () => {
    assert.throws(() => readTriggers('/nowhere/serve.yaml', ENV), { code: 'SHIPLOCK_SERVE_CONFIG' });
  });

  test('cut off anywhere is read or refused, and never anything else', () => {
    for (let length = 0; length < GOOD.length; length += 7) {
      try {
        read(GOOD.slice(0, length));
      } catch (error) {
        assert.ok(error instanceof ShiplockError, String(error));
      }
    }
  });
});
