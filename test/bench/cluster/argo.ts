/** The same by Argo's own controller, asked as its kubectl plugin asks. */
import { setTimeout as delay } from 'node:timers/promises';
import { canary, imageOf, openStage } from '../../cluster/argo-stage.ts';
import { startController } from '../../cluster/support/argo-controller.ts';
import { openCluster, type TestCluster, until } from '../../cluster/support/index.ts';
import type { Undoing } from './scope.ts';
import { SETTLED_MS, type Subject } from './subject.ts';
import { timeTo, watchWeight } from './weights.ts';

const PATIENCE_MS = 60_000;
const ROLLOUT = ['argoproj.io/v1alpha1', 'Rollout', 'shop'] as const;

interface Rollout {
  readonly metadata: { readonly generation: number };
  readonly spec: { readonly replicas: number };
  readonly status: {
    readonly phase?: string;
    readonly observedGeneration?: string;
    readonly abort?: boolean;
    readonly replicas?: number;
    readonly currentPodHash?: string;
    readonly stableRS?: string;
    readonly currentStepIndex?: number;
    readonly pauseConditions?: readonly unknown[];
  };
}

export async function openArgo(
  scope: Undoing,
  options: {
    readonly replicas: number;
    readonly weights: readonly number[];
    /** By which the controller reaches the cluster; the cluster's own, unless named. */
    readonly through?: (cluster: TestCluster) => Promise<{ readonly kubeconfig: string; readonly context: string }>;
  },
): Promise<Subject> {
  const { replicas, weights, through } = options;
  const cluster = await openCluster(scope);
  await startController(scope, { ...cluster, ...(through && (await through(cluster))) });
  const stage = openStage(cluster);
  const now = async (): Promise<Rollout> => {
    const found = await cluster.get<Rollout>(...ROLLOUT);
    if (!found) throw new Error('there is no Rollout');
    return found;
  };
  const is = (what: string, met: (rollout: Rollout) => boolean) =>
    until(
      what,
      async () => {
        const rollout = await now();
        const { generation } = rollout.metadata;
        if (rollout.status.observedGeneration === `${generation}` && met(rollout)) return rollout;
        throw new Error(JSON.stringify(rollout.status));
      },
      PATIENCE_MS,
    );
  let index = 0;
  const pauses = async () => {
    await is(`the pause after ${weights[index]} %`, ({ status }) => {
      return status.currentStepIndex === 2 * index + 1 && (status.pauseConditions ?? []).length > 0;
    });
    await delay(SETTLED_MS);
  };
  const ask = (status: object) => cluster.patch(...ROLLOUT, { status }, { subresource: 'status' });
  const steps = weights.flatMap((weight) => [{ setWeight: weight }, { pause: {} }]);
  const delays = { abortScaleDownDelaySeconds: 1, scaleDownDelaySeconds: 1 };
  const rollout = { begun: false };
  const watching = async () => {
    const watched = await watchWeight(cluster, 'shop');
    scope.after(async () => watched.end());
    return watched;
  };
  let watched: Awaited<ReturnType<typeof watching>>;
  return {
    cluster,
    begin: async () => {
      if (rollout.begun) throw new Error('it has begun');
      rollout.begun = true;
      await stage.begin(canary(steps, delays), { replicas });
      watched = await watching();
    },
    update: async (version) => {
      const patch = [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: imageOf(version) }];
      await cluster.patch(...ROLLOUT, patch, { kind: 'json' });
      index = 0;
      await pauses();
    },
    promote: async () => {
      const taken = await timeTo(watched, weights[index + 1] ?? 0, () => ask({ pauseConditions: null }));
      index += 1;
      await pauses();
      return taken;
    },
    // As the plugin: `kubectl argo rollouts abort`, v1.10.1 `pkg/kubectl-argo-rollouts/cmd/abort`.
    abort: () => timeTo(watched, 0, () => ask({ abort: true })),
    finish: async () => void (await ask({ pauseConditions: null })),
    ended: async (outcome) => {
      await is(outcome, ({ status, spec }) => {
        const there = outcome === 'released' ? status.phase === 'Healthy' : status.abort === true;
        return there && status.replicas === spec.replicas;
      });
    },
  };
}
