/** What docker-compose.yml runs, run without containers: its commands with this machine's addresses. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';
import { serverPath } from '../../infra/local/servers/index.ts';
import { openConnection } from '../../src/client/connection.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/messages.ts';
import { freePort } from '../fixtures/free-port.ts';

interface Service {
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
}

const root = join(import.meta.dirname, '../..');
const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8')) as { services: Record<string, Service> };
const folder = mkdtempSync(join(tmpdir(), 'shiplock-compose-'));
const started: ChildProcess[] = [];

before(() => symlinkSync(join(root, 'bin/shiplock.js'), join(folder, 'shiplock')));
after(async () => {
  for (const child of started) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

test('the file is one that docker-compose takes', (context) => {
  const checked = spawnSync('docker-compose', ['-f', join(root, 'docker-compose.yml'), 'config', '-q'], {
    encoding: 'utf8',
  });
  if (checked.error) return context.skip('there is no docker-compose on PATH');
  assert.equal(checked.status, 0, checked.stderr);
});

test('everything is published on loopback only', () => {
  const ports = Object.values(compose.services).flatMap((service) => service.ports ?? []);
  assert.ok(ports.length > 0);
  for (const port of ports) assert.match(port, /^127\.0\.0\.1:/);
});

test("the worker's very command starts against Temporal's very command", { timeout: 300_000 }, async () => {
  const { temporal, worker } = compose.services;
  assert.ok(temporal && worker);
  const { path } = await serverPath('temporal', { fetch: true });
  const [port, ui] = [await freePort(), await freePort()];
  const own = temporal.command.map((word) =>
    word.replace('--ip=0.0.0.0', '--ip=127.0.0.1').replace('/data/', `${folder}/`),
  );
  started.push(spawn(path, [...own, `--port=${port}`, `--ui-port=${ui}`], { stdio: 'ignore' }));
  await untilItAnswers(port);

  const [program = '', ...words] = worker.command;
  const child = spawn(program, words, {
    cwd: root,
    env: {
      ...process.env,
      ...worker.environment,
      PATH: `${folder}${delimiter}${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH}`,
      TEMPORAL_ADDRESS: worker.environment?.TEMPORAL_ADDRESS?.replace('temporal:7233', `127.0.0.1:${port}`),
      SHIPLOCK_STATE: join(folder, 'state'),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  started.push(child);
  let said = '';
  for await (const part of child.stderr) {
    said += part;
    if (said.includes('"worker ready"')) break;
  }
  assert.match(said, /"worker ready"/);

  const connection = await openConnection({ address: `127.0.0.1:${port}` });
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
  for (const name of Object.values(SEARCH_ATTRIBUTES)) assert.ok(customAttributes?.[name], `${name} is registered`);
  await connection.close();
});

async function untilItAnswers(port: number): Promise<void> {
  for (let looks = 0; looks < 200; looks += 1) {
    try {
      const connection = await openConnection({ address: `127.0.0.1:${port}`, connectTimeout: 500 });
      await connection.close();
      return;
    } catch {
      await delay(100);
    }
  }
  throw new Error(`Temporal does not answer on port ${port}`);
}
