import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { parseDocument } from 'yaml';
import { run } from '../../src/cli/main.ts';
import type { Terminal } from '../../src/cli/terminal.ts';

const file = new URL('../../infra/ci/github-actions.yml', import.meta.url);
const text = readFileSync(file, 'utf8');
const document = parseDocument(text);

interface Workflow {
  readonly on: Record<string, unknown>;
  readonly permissions: Record<string, string>;
  readonly jobs: Record<string, { env: Record<string, string>; steps: { run?: string; uses?: string }[] }>;
}

const workflow = document.toJS() as Workflow;
const scripts = Object.values(workflow.jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));

suite('the GitHub Actions workflow', () => {
  test('is YAML without a doubt, with triggers, jobs and the least permissions', () => {
    assert.deepEqual([document.errors, document.warnings], [[], []]);
    assert.deepEqual(Object.keys(workflow.on), ['release', 'workflow_dispatch']);
    assert.deepEqual(workflow.permissions, { contents: 'read' });
  });

  const commands = scripts.flatMap((script) => [...script.matchAll(/npx shiplock (\w+)(.*)/g)]);

  test('checks the release file, then starts it', () => {
    assert.deepEqual(
      commands.map(([, name]) => name),
      ['check', 'start'],
    );
  });

  for (const [line, name = '', rest = ''] of commands) {
    test(`calls a command line that there is: ${line.slice(0, 40)}…`, async () => {
      const help = await helpOf(name);
      assert.match(help, new RegExp(`^Usage: shiplock ${name} `));
      const options = rest.match(/--[\w-]+/g) ?? [];
      assert.ok(options.length > 0);
      for (const option of options) assert.match(help, new RegExp(`(^|, | )${option}\\b`, 'm'));
    });
  }

  test('gives each exit code of a release its words, and lets only 0 and 6 be green', () => {
    const script = scripts.find((text) => text.includes('shiplock start')) ?? '';
    const named = [...script.matchAll(/^\s*(\d)\) verdict=/gm)].map(([, code]) => Number(code));
    assert.deepEqual(named, [0, 3, 4, 5, 6]);
    assert.match(script, /"\$code" -eq 6 \]; then\n.*\n\s*exit 0\n/);
    assert.match(script, /exit "\$code"\s*$/);
  });

  test('puts nothing of an event into a script: it comes as a variable', () => {
    for (const script of scripts) assert.doesNotMatch(script, /\$\{\{/);
    assert.match(workflow.jobs.release?.env.VERSION ?? '', /github\.event\.release\.tag_name/);
    assert.match(text, /ref: \$\{\{ github\.event\.repository\.default_branch \}\}/);
    assert.match(workflow.jobs.release?.env.TEMPORAL_API_KEY ?? '', /^\$\{\{ secrets\./);
  });
});

async function helpOf(command: string): Promise<string> {
  let out = '';
  const terminal: Terminal = {
    env: {},
    color: false,
    live: false,
    interactive: false,
    width: 100,
    rows: 40,
    out: (text) => {
      out += text;
    },
    err: () => undefined,
    ask: async () => '',
  };
  await run([command, '--help'], terminal);
  return out;
}
