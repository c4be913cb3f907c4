import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Definition } from '../programs/index.ts';
import type { Order } from '../protocol.ts';
import type { Api } from './api.ts';

const POLL_MS = 50;
const ATTEMPTS = 5;
const ZONES = ['zone-a', 'zone-b', 'zone-c'];

interface Conditioned {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

interface Discovery {
  readonly resources: readonly { readonly name: string }[];
}

/** Gives an empty cluster its nodes and custom resources, and returns when they can be used. */
export async function furnish(api: Api, order: Order): Promise<void> {
  const definitions = JSON.parse(readFileSync(order.definitions, 'utf8')) as Definition[];
  const nodes = Array.from({ length: order.nodes }, (_, index) => played(index));
  await Promise.all([
    ...nodes.map((node) => create(api, '/api/v1/nodes', node)),
    ...definitions.map((definition) => create(api, DEFINITIONS, definition)),
  ]);
  await Promise.all([
    ...nodes.map(({ metadata }) => isReady(api, metadata.name)),
    ...definitions.map((definition) => isServed(api, definition)),
    until(() => api.ask('GET', '/api/v1/namespaces/default/serviceaccounts/default')),
  ]);
}

/** On a busy machine an API server that has just started may take its time. */
async function create(api: Api, path: string, object: object): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await api.ask('POST', path, object);
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await delay(POLL_MS * 2 ** attempt);
    }
  }
}

/** Returns when the question is answered without an error. */
export async function until(question: () => Promise<unknown>): Promise<void> {
  for (;;) {
    const answered = await question().then(
      () => true,
      () => false,
    );
    if (answered) return;
    await delay(POLL_MS);
  }
}

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

function isReady(api: Api, node: string): Promise<void> {
  return until(async () => {
    const { status } = (await api.ask('GET', `/api/v1/nodes/${node}`)) as Conditioned;
    const met = status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
    if (!met) throw new Error(`${node} is not ready`);
  });
}

/** Asked by discovery: a definition itself is large, and read again and again costs more than to establish it. */
function isServed(api: Api, { spec }: Definition): Promise<void> {
  const version = spec.versions.find(({ served }) => served)?.name;
  return until(async () => {
    const { resources } = (await api.ask('GET', `/apis/${spec.group}/${version}`)) as Discovery;
    if (!resources.some(({ name }) => name === spec.names.plural))
      throw new Error(`${spec.names.plural} is not served`);
  });
}

/** A node that kwok plays, in one of three zones. */
function played(index: number) {
  const name = `played-${index + 1}`;
  const room = { cpu: '64', memory: '256Gi', pods: '1000' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'topology.kubernetes.io/zone': ZONES[index % ZONES.length],
      },
    },
    status: { allocatable: room, capacity: room },
  };
}
