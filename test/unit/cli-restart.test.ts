import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { run } from '../../src/cli/main.ts';

const folder = mkdtempSync(join(tmpdir(), 'shiplock-cli-restart-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs it where no Temporal is: whatever is told came before anybody was asked. */
async function restart(release: string, ...more: readonly string[]) {
  const file = join(folder, 'release.yaml');
  writeFileSync(file, release);
  const lines: string[] = [];
  const say = (text: string) => void lines.push(text);
  const silent = { color: false, live: false, interactive: false, width: 80, rows: 24 };
  const nobody = () => Promise.reject(new Error('nobody to ask'));
  const code = await run(['restart', '-f', file, ...more], { ...silent, env: {}, out: say, err: say, ask: nobody });
  return { code, text: lines.join('\n') };
}

const HEAD = 'apiVersion: shiplock/v1\nkind: Release\nservice: shop\nenvironment: test\n';
const LOCAL = `${HEAD}target: { platform: local, command: [node, server.mjs], readinessPath: / }\ncanary: { steps: [{ setWeight: 50 }] }\n`;

describe('shiplock restart', () => {
  it('tells everything that is wrong with a release file at its place, and starts nothing', async () => {
    const { code, text } = await restart(`${HEAD}target: { platform: nowhere }\nnonsense: 1\n`);
    assert.equal(code, 1);
    assert.match(text, /release\.yaml:5:\d+: target\.platform/);
    assert.match(text, /release\.yaml:6:1: nonsense/);
    assert.match(text, /SHIPLOCK_PLAN_INVALID/);
  });

  it('refuses the embedded platform by name', async () => {
    for (const more of [[], ['--show'], ['--cancel']]) {
      const { code, text } = await restart(LOCAL, ...more);
      assert.equal(code, 1);
      assert.match(text, /shop runs on the platform local, .*SHIPLOCK_PLATFORM_UNSUPPORTED/);
    }
  });

  it('takes a deadline and a time to wait that are times, and one thing at a time', async () => {
    for (const more of [
      ['--deadline', 'soon'],
      ['--timeout', '0s'],
      ['--show', '--cancel'],
    ]) {
      assert.equal((await restart(LOCAL, ...more)).code, 2, more.join(' '));
    }
  });
});
