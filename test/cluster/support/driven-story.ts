/** As `story.ts`, of a Rollout that Argo's own controller drives, in the test's namespace. */
import type { V1Pod } from '@kubernetes/client-node';
import type { RolloutObject } from '../../../activities/rollout/argo/object.ts';
import { type Controller, startController } from './argo-controller.ts';
import { CLUSTER, type Engine } from './engine.ts';
import { openCluster, type Scope, type TestCluster, until } from './index.ts';
import { canaryOf, REPOSITORY, type RolloutOptions, rollout, stableOf } from './manifests.ts';
import { writeReleaseFile } from './release-file.ts';
import { startRelease } from './start.ts';
import type { Given, Story } from './story.ts';
import type { Update } from './update.ts';
import { service as serviceObject } from './workloads.ts';

export const ROLLOUTS = 'argoproj.io/v1alpha1';

/** `templates` are AnalysisTemplates of the cluster; `release` has sections of the release file over its own. */
export interface GivenRollout extends Given {
  /** The Rollout is there, and has come to rest, at this version. Default: 1.0.0. */
  readonly version?: string;
  /** Where the Rollout comes later, or never rests: nothing is waited for. */
  readonly unfinished?: true;
}

export interface DrivenStory extends Pick<Story, 'cluster' | 'service' | 'hasReleased' | 'hasPods' | 'podsOf'> {
  readonly controller: Controller;
  releases(version: string, release?: Given['release'], manner?: { ifBusy?: 'supersede' }): Promise<Update>;
  rollout(): Promise<RolloutObject>;
  /** Waits until the Rollout, as its controller writes it, is so. */
  stands(what: string, met: (rollout: RolloutObject) => boolean): Promise<RolloutObject>;
  /** Of the Rollout, as somebody else would write it. */
  patch(patch: object): Promise<void>;
}

export const imageOf = (version: string): string => `${REPOSITORY}:${version}`;

/** The image in the Rollout's specification. */
export const imageIn = ({ spec }: RolloutObject): string => spec.template?.spec?.containers?.[0]?.image ?? '';

/** It has come to rest. */
export function isHealthy({ metadata, status }: RolloutObject): boolean {
  const isSeen = Number(status?.observedGeneration) >= (metadata.generation ?? 0);
  return isSeen && status?.phase === 'Healthy' && status.stableRS === status.currentPodHash;
}

export async function givenRollout(scope: Scope, engine: Engine, start: GivenRollout): Promise<DrivenStory> {
  const cluster = await openCluster(scope);
  const controller = await startController(scope, cluster);
  const { service, version = '1.0.0', objects = [], templates = [] } = start;
  await cluster.apply([
    ...[stableOf(service), canaryOf(service)].map((name) => serviceObject(name, { app: service })),
    ...templates,
    ...objects,
    rolloutAt(start, version),
  ]);

  const look = async (): Promise<RolloutObject> => {
    const found = await cluster.get<RolloutObject>(ROLLOUTS, 'Rollout', service);
    if (!found) throw new Error(`there is no Rollout ${service}`);
    return found;
  };
  const stands: DrivenStory['stands'] = (what, met) =>
    until(`Rollout ${service}: ${what}`, async () => {
      const now = await look();
      if (met(now)) return now;
      throw new Error(JSON.stringify({ image: imageIn(now), status: now.status }));
    });
  const podsOf: Story['podsOf'] = async (of) => {
    const pods = await cluster.list<V1Pod>('v1', 'Pod', `app=${service}`);
    return pods.filter(
      ({ metadata, spec }) => !metadata?.deletionTimestamp && spec?.containers[0]?.image === imageOf(of),
    );
  };
  const releases: DrivenStory['releases'] = (to, release = start.release, manner = {}) => {
    const file = writeFile(cluster, service, release);
    return startRelease(engine, { file, version: to, ...manner });
  };
  if (!start.unfinished) await stands('healthy', isHealthy);

  return {
    cluster,
    service,
    controller,
    releases,
    rollout: look,
    stands,
    podsOf,
    patch: (patch) => cluster.patch(ROLLOUTS, 'Rollout', service, patch).then(() => undefined),
    async hasReleased(to) {
      const update = await releases(to);
      await update.ends('released');
    },
    async hasPods(count) {
      await until(`pods ${JSON.stringify(count)}`, async () => {
        const entries = Object.keys(count).map(async (of) => [of, (await podsOf(of)).length] as const);
        const seen = Object.fromEntries(await Promise.all(entries));
        if (Object.entries(count).every(([of, pods]) => seen[of] === pods)) return true;
        throw new Error(JSON.stringify(seen));
      });
    },
  };
}

function rolloutAt({ service: name, ...options }: GivenRollout, version: string): object {
  const { containers, ...pod } = (options.pod ?? {}) as { containers?: readonly object[] };
  const container = { name: 'app', image: imageOf(version), ports: [{ containerPort: 3000 }] };
  const given: RolloutOptions = { ...options, name, pod: { ...pod, containers: containers ?? [container] } };
  return rollout(given);
}

/** @returns the release file. */
function writeFile({ folder, namespace }: TestCluster, service: string, release: Given['release'] = {}): string {
  const { target, canary, ...sections } = release as Record<string, object>;
  return writeReleaseFile(folder, {
    service,
    ...sections,
    target: {
      ...{ platform: 'argo', cluster: CLUSTER, namespace, rollout: service, container: 'app' },
      ...{ repository: REPOSITORY, stableService: stableOf(service), canaryService: canaryOf(service) },
      ...target,
    },
    canary: { readyDeadline: '30s', ...canary },
  });
}
