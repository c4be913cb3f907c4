import { createServer as createHttp } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { kubernetesClusters, type Made } from '../../activities/kubernetes/index.ts';
import { argoRollouts } from '../../activities/rollout/argo/index.ts';
import type { RolloutActivities, RolloutState } from '../../activities/rollout/port.ts';
import type { ArgoPlace } from '../../src/plan/target.ts';
import { type Scope, type TestCluster, until } from './support/index.ts';

const API = 'argoproj.io/v1alpha1';
export const imageOf = (version: string): string => `registry.example/shop:${version}`;

/** What Argo's `web` metrics are answered: the number that the test sets. */
export async function startMeasured(scope: Scope): Promise<{ readonly url: string; value: number; asked: number }> {
  const measured = { url: '', value: 1, asked: 0 };
  const server = createHttp((_, response) => {
    measured.asked += 1;
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ value: measured.value }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  measured.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  scope.after(async () => {
    server.closeAllConnections();
    server.close();
  });
  return measured;
}

export interface Stage {
  readonly rollouts: RolloutActivities;
  readonly place: ArgoPlace;
  readonly at: { readonly service: string; readonly place: ArgoPlace };
  readonly requests: Made[];
  /** The Rollout and what it needs, healthy at 1.0.0. */
  begin(strategy: object, spec?: object): Promise<RolloutState>;
  look(): Promise<RolloutState>;
  /** Looks by `awaitRolloutChange` until the state is as wanted; every state that was seen on the way. */
  until(what: string, holds: (state: RolloutState) => boolean, timeoutMs?: number): Promise<RolloutState>;
  readonly seen: RolloutState[];
  release(version: string, fence?: number): Promise<void>;
  weight(): Promise<number>;
}

export function openStage(cluster: TestCluster): Stage {
  const { namespace, kubeconfig, context } = cluster;
  const requests: Made[] = [];
  const clusters = kubernetesClusters(
    { test: { kubeconfig, context, namespaces: [namespace] } },
    { signal: () => undefined, made: (request) => requests.push(request) },
  );
  const place: ArgoPlace = { platform: 'argo', cluster: 'test', namespace, rollout: 'shop', container: 'app' };
  const at = { service: 'shop', place };
  const rollouts = argoRollouts({ clusters });
  const seen: RolloutState[] = [];
  const look = () => rollouts.describeRollout(at);
  const reach: Stage['until'] = async (what, holds, timeoutMs = 30_000) => {
    const deadline = Date.now() + timeoutMs;
    let state = await look();
    while (!holds(state)) {
      if (Date.now() > deadline) throw new Error(`${what}: never; the last was ${JSON.stringify(state, null, 1)}`);
      seen.push(state);
      const { mark } = state;
      const waited = { ...at, mark, deadlineMs: 1_000, sinceMs: Date.now() };
      state = await inActivity(() => rollouts.awaitRolloutChange(waited));
    }
    seen.push(state);
    return state;
  };
  return {
    rollouts,
    place,
    at,
    requests,
    seen,
    look,
    until: reach,
    begin: async (strategy, spec = {}) => {
      await cluster.apply([service('shop-stable'), service('shop-canary'), virtualService(), rollout(strategy, spec)]);
      return until('a healthy Rollout', async () => {
        const state = await look();
        return state.phase === 'Healthy' && state.promoted ? state : null;
      });
    },
    release: async (version, fence = 1000) => {
      const { image: from } = await look();
      const set = await rollouts.setRolloutImage({ ...at, image: imageOf(version), from, fence });
      if (set.outcome !== 'written') throw new Error(`the image was ${set.outcome}`);
    },
    weight: async () => {
      type Routed = { spec: { http: { route: { destination: { host: string }; weight?: number }[] }[] } };
      const found = await cluster.get<Routed>('networking.istio.io/v1', 'VirtualService', 'shop');
      return found?.spec.http[0]?.route.find(({ destination }) => destination.host === 'shop-canary')?.weight ?? -1;
    },
  };
}

/** What waits heartbeats, and so needs to be an activity. */
export function inActivity<Result>(work: () => Promise<Result>): Promise<Result> {
  const logger = new DefaultLogger('ERROR');
  return new MockActivityEnvironment(undefined, { logger }).run(work) as Promise<Result>;
}

export const canary = (steps: readonly object[], more: object = {}) => ({
  canary: {
    stableService: 'shop-stable',
    canaryService: 'shop-canary',
    trafficRouting: { istio: { virtualService: { name: 'shop', routes: ['primary'] } } },
    steps,
    ...more,
  },
});

/** One measurement of the test's number: above 0.9 it is good, below 0.5 bad, between them neither. */
export function template(name: string, url: string, metric: object = {}) {
  return {
    apiVersion: API,
    kind: 'AnalysisTemplate',
    metadata: { name },
    spec: {
      metrics: [
        {
          name: 'success-rate',
          successCondition: 'result > 0.9',
          failureCondition: 'result < 0.5',
          provider: { web: { url, jsonPath: '{$.value}' } },
          ...metric,
        },
      ],
    },
  };
}

export const analysis = (name: string) => ({ analysis: { templates: [{ templateName: name }] } });

export const podTemplate = (version: string) => ({
  metadata: { labels: { app: 'shop' } },
  spec: { containers: [{ name: 'app', image: imageOf(version), ports: [{ containerPort: 3000 }] }] },
});

function rollout(strategy: object, spec: object) {
  const own = { template: podTemplate('1.0.0') };
  return {
    apiVersion: API,
    kind: 'Rollout',
    metadata: { name: 'shop' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'shop' } },
      strategy,
      ...('workloadRef' in spec ? {} : own),
      ...spec,
    },
  };
}

function service(name: string) {
  const ports = [{ name: 'http', port: 80, targetPort: 3000 }];
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { selector: { app: 'shop' }, ports } };
}

function virtualService() {
  const to = (host: string, weight: number) => ({ destination: { host }, weight });
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'shop' },
    spec: { hosts: ['shop'], http: [{ name: 'primary', route: [to('shop-stable', 100), to('shop-canary', 0)] }] },
  };
}
