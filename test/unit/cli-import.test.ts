import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { run } from '../../src/cli/main.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { FLAGGER } from '../fixtures/flagger/imports.ts';

const root = mkdtempSync(path.join(tmpdir(), 'shiplock-import-'));
after(() => rmSync(root, { recursive: true }));

/** A folder with one of Flagger's Canaries in it. */
function folderWith(name: string): { readonly folder: string; readonly canary: string; readonly release: string } {
  const folder = mkdtempSync(path.join(root, 'of-'));
  const canary = path.join(folder, `${name}.yaml`);
  cpSync(path.join(FLAGGER, `${name}.yaml`), canary);
  return { folder, canary, release: path.join(folder, 'deploy', 'release.yaml') };
}

async function shiplock(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const terminal: Terminal = {
    env: {},
    color: false,
    live: false,
    interactive: false,
    width: 100,
    rows: 40,
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    ask: async () => '',
  };
  const code = await run(args, terminal);
  return { code, out: out.join('\n'), err: err.join('\n') };
}

describe('shiplock import', () => {
  it('prints everything, and what became of each field elsewhere, where it is given no file', async () => {
    const { canary, folder } = folderWith('checkout');
    const { code, out, err } = await shiplock('import', 'flagger', canary);
    assert.equal(code, 0);
    assert.match(out, /^# Imported from Flagger's Canary shop\/checkout\.\n/);
    assert.match(out, /\n# ---- checkout-analysis.yaml\n[\s\S]*\n# ---- checkout-traffic.yaml\n/);
    assert.match(err, /^kept \(\d+\)\n {2}spec\./);
    assert.match(err, /different on purpose/);
    assert.deepEqual(readdirSync(folder), ['checkout.yaml']);
  });

  it('writes the files, which `check` takes, and says where', async () => {
    const { canary, release, folder } = folderWith('checkout');
    const { code, out } = await shiplock('import', 'flagger', canary, '--file', release, '--cluster', 'live');
    assert.equal(code, 0);
    assert.ok(out.endsWith(`wrote ${path.join(folder, 'deploy', 'checkout-traffic.yaml')}`));
    assert.match(readFileSync(release, 'utf8'), /cluster: live[\s\S]*file: \.\.\/checkout\.yaml/);
    assert.equal((await shiplock('check', release, '--version', '1.1.0')).code, 0);
  });

  it('writes over nothing', async () => {
    const { canary, release } = folderWith('mailer');
    await shiplock('import', 'flagger', canary, '--file', release);
    writeFileSync(release, 'mine');
    const { code, err } = await shiplock('import', 'flagger', canary, '--file', release, '--force');
    assert.equal(code, 1);
    assert.match(err, /release\.yaml is there already; nothing was written \(SHIPLOCK_IMPORT_EXISTS\)/);
    assert.equal(readFileSync(release, 'utf8'), 'mine');
  });

  it('writes nothing where a field is refused, but for --force; the file then says what is missing', async () => {
    const { canary, release } = folderWith('refused');
    const { code, err } = await shiplock('import', 'flagger', canary, '--file', release);
    assert.equal(code, 1);
    assert.ok(err.includes(`${canary}:21:5: spec.analysis.sessionAffinity: `), err);
    assert.match(err, /nothing was written; .*--force/);
    assert.equal(existsSync(path.dirname(release)), false);
    const forced = await shiplock('import', 'flagger', canary, '--file', release, '--force');
    assert.equal(forced.code, 0);
    assert.match(readFileSync(release, 'utf8'), /^# Not imported:\n# - spec\.provider: contour/m);
  });

  it('answers in JSON, with each field and its place', async () => {
    const { canary } = folderWith('refused');
    const { code, out } = await shiplock('import', 'flagger', canary, '-o', 'json');
    const answer = JSON.parse(out);
    assert.deepEqual([code, answer.ok, answer.written], [1, false, []]);
    assert.equal(
      answer.refused.every(({ code: one }: { code: string }) => one === 'SHIPLOCK_PLAN_UNSUPPORTED'),
      true,
    );
    assert.ok(answer.notes.length > 0 && answer.release.text.includes('kind: Release'));
  });

  it('says what is wrong with the files at its place, and with the command line', async () => {
    const { canary } = folderWith('checkout');
    writeFileSync(canary, readFileSync(canary, 'utf8').replace('stepWeight: 20', 'stepWeight: 200'));
    const { code, err } = await shiplock('import', 'flagger', canary);
    assert.equal(code, 1);
    assert.match(
      err,
      /checkout\.yaml:\d+:\d+: spec\.analysis\.stepWeight: is 200; expected at most 100 \(SHIPLOCK_PLAN_RANGE\)/,
    );
    const wrong = await shiplock('import', 'flagger', canary, '--provider', 'isto');
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /did you mean istio\?/);
    assert.equal((await shiplock('import', 'rollout', canary)).code, 1);
  });
});
