import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { evenly, faultsOfBuild, NO_FAULTS, parseFaults } from '../faults.ts';

test('a share is spread evenly and exact over whole rounds', () => {
  for (const [share, expected] of [
    [0, 0],
    [0.1, 100],
    [0.25, 250],
    [1 / 3, 333],
    [1, 1000],
  ] as const) {
    const due = evenly();
    const fired = Array.from({ length: 1000 }, () => due(share)).filter(Boolean).length;
    assert.equal(fired, expected, `share ${share}`);
  }
});

test('a quarter is every fourth request', () => {
  const due = evenly();
  const fired = Array.from({ length: 8 }, () => due(0.25));
  assert.deepEqual(fired, [false, false, false, true, false, false, false, true]);
});

test('faults that are not named are off', () => {
  assert.deepEqual(parseFaults({ errorShare: 0.5 }), { ...NO_FAULTS, errorShare: 0.5 });
});

test('a wrong or unknown fault is refused by name', () => {
  assert.throws(() => parseFaults({ errorShare: 2 }), /errorShare/);
  assert.throws(() => parseFaults({ errorshare: 0.2 }), /errorshare/);
  assert.throws(() => parseFaults({ leak: { megabytes: 1, atMost: 1e6 } }), /atMost/);
});

test('a build is bad when a file of its version says so', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sample-faults-'));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, '1.2.0.json'), '{ "latency": { "milliseconds": 900 } }');
  await writeFile(join(folder, '1.3.0.json'), '{ "errors": 1 }');
  assert.deepEqual((await faultsOfBuild(folder, '1.2.0')).latency, { milliseconds: 900, share: 1 });
  assert.deepEqual(await faultsOfBuild(folder, '1.1.0'), NO_FAULTS);
  assert.deepEqual(await faultsOfBuild(undefined, '1.2.0'), NO_FAULTS);
  await assert.rejects(faultsOfBuild(folder, '1.3.0'), /1\.3\.0\.json/);
});
