/** A service with a stable version before a release, and requests to it while the release runs. */
import { Agent, get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { SupervisorClient } from '../../infra/local/index.ts';
import type { ServiceStatus } from '../../infra/local/protocol.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { STABLE } from './plan.ts';

/** Looks again until it holds; the value that did. */
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

/** Starts version 1.0.0 of the plan's service, as stable and with all traffic. @returns its address. */
export async function serveStable(supervisor: SupervisorClient, { service, target }: Plan): Promise<string> {
  if (target.platform !== 'local') throw new TypeError(`${service} is not of the embedded platform`);
  const { platform: _, ...spec } = target;
  const { fence } = await supervisor.grantFence(service, { holder: `before ${service}` });
  await supervisor.putRevision(service, STABLE, { ...spec, fence, key: 'before/start' });
  await until(`${service} ${STABLE} ready`, async () => isReady(await supervisor.service(service), STABLE));
  await supervisor.putRoles(service, { stable: STABLE, canary: null, fence, key: 'before/roles' });
  const weights = { [STABLE]: 100 };
  // A machine that is busy with hundreds of services may be asked a second time.
  const route = () => supervisor.putWeights(service, { weights, fence, key: 'before/weights' });
  return (await route().catch(route)).address;
}

export function isReady({ revisions }: ServiceStatus, version: string): boolean {
  const instances = revisions.find((revision) => revision.version === version)?.instances ?? [];
  return instances.length > 0 && instances.every(({ state }) => state === 'ready');
}

/** Ends what runs of a service, so that many can be released one after the other. */
export async function endService(supervisor: SupervisorClient, service: string): Promise<void> {
  const { weights, revisions, stable } = await supervisor.service(service);
  const { fence } = await supervisor.grantFence(service, { holder: `after ${service}` });
  const carrying = Object.keys(weights);
  const remove = (version: string) => supervisor.deleteRevision(service, version, { fence, key: 'after/remove' });
  for (const { version } of revisions) if (!carrying.includes(version)) await remove(version);
  const [only, ...others] = carrying;
  if (!only || others.length > 0) throw new Error(`${service} is left with ${carrying}, stable ${stable}`);
  await supervisor.putWeights(service, { weights: {}, fence, key: 'after/weights' });
  await remove(only);
}

/** How many requests each version answered; those that failed under `failed`. */
export type Answers = Readonly<Record<string, number>>;

export interface Traffic {
  /** So far. */
  readonly answers: Answers;
  stop(): Promise<Answers>;
}

/** One request every `everyMs`, whether or not the last one is answered. */
export function steadyTraffic(address: string, everyMs = 25, path = '/health'): Traffic {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const answers: Record<string, number> = {};
  const pending = new Set<Promise<void>>();
  const send = (): void => {
    const one = ask(agent, address, path).then((version) => {
      answers[version] = (answers[version] ?? 0) + 1;
      pending.delete(one);
    });
    pending.add(one);
  };
  const timer = setInterval(send, everyMs);
  return {
    answers,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(pending);
      agent.destroy();
      return answers;
    },
  };
}

/** So many requests to a path that every workload here answers, a few at a time. */
export async function sample(address: string, requests: number): Promise<Answers> {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const versions = await Promise.all(Array.from({ length: requests }, () => ask(agent, address, '/health')));
  agent.destroy();
  return Object.fromEntries(
    Object.entries(Object.groupBy(versions, (version) => version)).map(([name, some]) => [name, some?.length ?? 0]),
  );
}

const REQUEST_MS = 10_000;

/** The version that answered with 200, or `failed`. */
function ask(agent: Agent, address: string, path: string): Promise<string> {
  return new Promise((resolve) => {
    const failed = () => resolve('failed');
    const request = get(new URL(path, address), { agent, timeout: REQUEST_MS }, (response) => {
      response.resume();
      response.on('error', failed);
      response.on('end', () =>
        resolve(response.statusCode === 200 ? String(response.headers['x-service-version'] ?? 'failed') : 'failed'),
      );
    });
    request.on('timeout', () => request.destroy());
    request.on('error', failed);
  });
}
