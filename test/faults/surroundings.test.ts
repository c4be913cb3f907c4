import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CANARY, shortPlan, values, valuesFile, weight } from './plan.ts';
import { release } from './scene.ts';
import { serveStable, until } from './service.ts';
import { type Said, shiplock } from './shiplock.ts';
import { type Lane, openStage, type Stage } from './stage.ts';

/** Nobody listens on port 1 of this machine. */
const NOBODY = '127.0.0.1:1';

/** One line that says what, one that says how to mend it, no stack. */
function assertSaid({ code, err }: Said, what: RegExp, mend: RegExp): void {
  assert.equal(code, 1);
  const failure = err.filter((line) => !line.startsWith('waiting for'));
  assert.equal(failure.length, 2, `two lines, not ${err.join('\n')}`);
  assert.match(failure[0] ?? '', what);
  assert.match(failure[1] ?? '', mend);
}

describe('what is missing is said in one line, with what mends it', { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'shiplock-missing-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const environment = { SHIPLOCK_HOME: join(folder, 'home'), TEMPORAL_ADDRESS: NOBODY };

  it('a worker without Temporal', async () => {
    const said = await shiplock(['worker'], environment);
    assertSaid(said, /no Temporal answers at 127\.0\.0\.1:1 .*SHIPLOCK_TEMPORAL_UNREACHABLE/, /shiplock local up/);
  });

  it('a list without Temporal', async () => {
    const said = await shiplock(['list'], environment);
    assertSaid(said, /127\.0\.0\.1:1.*SHIPLOCK_TEMPORAL_UNREACHABLE/, /shiplock local up/);
  });

  it('a worker whose policy is not there', async () => {
    const said = await shiplock(['worker', '--policy', join(folder, 'none.yaml')], environment);
    assertSaid(said, /none\.yaml cannot be read.*SHIPLOCK_POLICY_INVALID/, /name a readable file/);
  });

  it('a stack whose home is a file', async () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    const said = await shiplock(['local', 'up'], { SHIPLOCK_HOME: file });
    assertSaid(said, /cannot keep the stack in .*a-file.*SHIPLOCK_LOCAL_HOME/, /SHIPLOCK_HOME=/);
  });

  it('a stack one of whose servers is not where its variable says', async () => {
    const said = await shiplock(['local', 'up'], {
      SHIPLOCK_HOME: join(folder, 'other'),
      SHIPLOCK_ENVOY: join(folder, 'no-envoy'),
    });
    assertSaid(said, /no-envoy.*SHIPLOCK_SERVER_OVERRIDE/, /./);
  });
});

describe('a release while a worker or a disk has no room', { timeout: 300_000 }, () => {
  let stage: Stage;
  let lane: Lane;
  before(async () => {
    stage = await openStage();
    lane = await stage.openLane('room');
  });
  after(() => stage?.close());

  it('a worker whose metrics port is taken', async (t) => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    t.after(() => taken.close());
    const { port } = taken.address() as { port: number };
    const { temporal } = (await stage.stack()).servers;
    const said = await shiplock(['worker', '--metrics', `127.0.0.1:${port}`], {
      TEMPORAL_ADDRESS: temporal.address,
      SHIPLOCK_HOME: stage.home,
    });
    assertSaid(said, new RegExp(`127\\.0\\.0\\.1:${port}: .*in use.*SHIPLOCK_WORKER_METRICS`), /--metrics/);
  });

  it('waits while the disk of its configuration is full, says so, and goes on when there is room', async (t) => {
    const disk = join(stage.folder, 'full');
    mkdirSync(disk);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]);
    if (mounted.status !== 0) return t.skip('only who may mount can have a disk of a few kilobytes');
    t.after(() => spawnSync('umount', ['-l', disk]));

    await lane.startWorker();
    const plan = shortPlan({ service: 'full', folder: stage.folder, steps: [weight(50)] });
    await serveStable(stage.supervisor, plan);
    fill(disk);
    const under = await release(stage, lane, plan);
    const handle = lane.client.workflow.getHandle(under.id);
    const complaint = await until('the write is refused', async () => {
      const { raw } = await handle.describe();
      const failure = raw.pendingActivities?.find(({ attempt }) => (attempt ?? 0) > 1)?.lastFailure;
      return failure?.message;
    });
    assert.match(complaint, /values\.yaml could not be written: the disk is full; free some space/);
    rmSync(join(disk, 'filler'));
    assert.equal((await under.ended()).verdict, 'released');
    assert.equal(readFileSync(valuesFile(stage.folder, 'full'), 'utf8'), values(CANARY));
  });
});

/** Until not one block is left. */
function fill(disk: string): void {
  const file = join(disk, 'filler');
  const { bsize, bavail } = statfsSync(disk);
  writeFileSync(file, Buffer.alloc(bsize * bavail));
  assert.ok(existsSync(file) && statfsSync(disk).bavail === 0);
}
