/** A stack of its own for a test file, with what its tests ask again and again. */
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { removeWithUs } from '../../infra/local/afterwards.ts';
import {
  connectSupervisor,
  ensureStack,
  type StackStatus,
  type SupervisorClient,
  stopStack,
} from '../../infra/local/index.ts';
import type { PutRevision, ServiceStatus } from '../../infra/local/protocol.ts';
import { markedProcesses } from '../../infra/local/stack/processes.ts';

export const workload = fileURLToPath(new URL('../fixtures/workload/server.ts', import.meta.url));

export function newHome(): string {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'shiplock-stack-')));
  // A stack ends with its home.
  removeWithUs(home);
  return home;
}

/** Ends a stack and removes its home. */
export async function endHome(home: string): Promise<void> {
  await stopStack({ home });
  rmSync(home, { recursive: true, force: true });
}

/** What a revision is, but for the fence and the key. */
export function spec(overrides: Partial<PutRevision> = {}): Omit<PutRevision, 'fence' | 'key'> {
  return {
    command: ['node', workload],
    directory: tmpdir(),
    environment: {},
    replicas: 1,
    readinessPath: '/ready',
    stableService: 'api-stable',
    canaryService: 'api-canary',
    ...overrides,
  };
}

export async function until<Value>(
  what: string,
  look: () => Value | Promise<Value>,
  timeoutMs = 120_000,
): Promise<NonNullable<Value>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for: ${what}`);
    await delay(25);
  }
}

export async function untilReady(client: SupervisorClient, service: string, version: string): Promise<ServiceStatus> {
  return until(`${service} ${version} ready`, async () => {
    const status = await client.service(service);
    const instances = status.revisions.find((revision) => revision.version === version)?.instances ?? [];
    return instances.length > 0 && instances.every(({ state }) => state === 'ready') ? status : null;
  });
}

/** A service with one version that carries everything. */
export async function serve(
  client: SupervisorClient,
  service: string,
  version: string,
  overrides: Partial<PutRevision> = {},
) {
  const { fence } = await client.grantFence(service, { holder: `first of ${service}` });
  await client.putRevision(service, version, { ...spec(overrides), fence, key: `${service}/start` });
  await untilReady(client, service, version);
  await client.putRoles(service, { stable: version, canary: null, fence, key: `${service}/roles` });
  const { address } = await client.putWeights(service, { weights: { [version]: 100 }, fence, key: `${service}/first` });
  return { address, fence };
}

export interface Answer {
  /** 0: no answer at all. */
  readonly status: number;
  readonly version: string;
  readonly body: string;
}

export function ask(agent: Agent, address: string, path = '/'): Promise<Answer> {
  return new Promise((resolve) => {
    const lost = () => resolve({ status: 0, version: '', body: '' });
    const request = get(new URL(path, address), { agent }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        body += part;
      });
      response.on('error', lost);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          version: String(response.headers['x-service-version'] ?? ''),
          body,
        }),
      );
    });
    request.on('error', lost);
  });
}

/** Answers of each version to so many requests, a few at a time; failures under `failed`. */
export async function split(address: string, requests: number, path = '/'): Promise<Record<string, number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const answers = await Promise.all(Array.from({ length: requests }, () => ask(agent, address, path)));
  agent.destroy();
  return Object.fromEntries(
    Object.entries(Object.groupBy(answers, labelOf)).map(([label, group]) => [label, group?.length ?? 0]),
  );
}

function labelOf({ status, version }: Answer): string {
  return status === 200 ? version : 'failed';
}

/** A request every 10 ms until it is stopped; counts as `split` does. */
export function steadyTraffic(t: TestContext, address: string): { stop(): Promise<Record<string, number>> } {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const counts: Record<string, number> = {};
  const pending = new Set<Promise<void>>();
  const timer = setInterval(() => {
    const one = ask(agent, address).then((answer) => {
      const label = labelOf(answer);
      counts[label] = (counts[label] ?? 0) + 1;
      pending.delete(one);
    });
    pending.add(one);
  }, 10);
  t.after(() => clearInterval(timer));
  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(pending);
      agent.destroy();
      return counts;
    },
  };
}

export function journal(home: string): { key: string; effect: string; service: string }[] {
  const file = join(home, 'journal.jsonl');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

export function idsOf(home: string): string[] {
  return markedProcesses(home)
    .map(({ id }) => id)
    .sort();
}

/** `null` while it does not run. */
export function findPid(home: string, id: string): number | null {
  return markedProcesses(home).find((marked) => marked.id === id && marked.leader)?.identity.pid ?? null;
}

export function pidOf(home: string, id: string): number {
  const pid = findPid(home, id);
  if (pid === null) throw new Error(`no ${id} runs in ${home}`);
  return pid;
}

export function upIn(home: string): Promise<StackStatus> {
  return ensureStack({ home, timeoutMs: 180_000 });
}

export { connectSupervisor, stopStack };
