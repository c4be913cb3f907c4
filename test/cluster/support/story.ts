/** What the tests of scenarios are told in: given a Rollout and its objects, when a version is released, then … */
import type { V1Pod, V1ReplicaSet, V1Service } from '@kubernetes/client-node';
import { revisionId } from '../../../src/rollout/revision-id.ts';
import type { Engine } from './engine.ts';
import { openCluster, type Scope, type TestCluster, until } from './index.ts';
import { canaryOf, type RolloutOptions, rollout, stableOf } from './manifests.ts';
import { writeRelease } from './release-file.ts';
import { startRelease } from './start.ts';
import type { Update } from './update.ts';
import { service as serviceObject } from './workloads.ts';

export interface Given extends Omit<RolloutOptions, 'name'> {
  /** Names the release, its Rollout and its Services; one of its own for each test of a file. */
  readonly service: string;
  /** Applied before anything is released, beside the two Services. */
  readonly objects?: readonly object[];
  /** What is done to the namespace before anything is released. */
  readonly prepared?: (cluster: TestCluster) => Promise<unknown>;
  /** Sections of the release file over those of `releaseFile`. */
  readonly release?: Readonly<Record<string, unknown>>;
  /** AnalysisTemplates, which the release file names. */
  readonly templates?: readonly object[];
}

/** What of a `Given` a later release may change. */
export type Changes = Partial<Omit<Given, 'service' | 'objects' | 'prepared'>>;

export interface Story {
  readonly cluster: TestCluster;
  readonly service: string;
  /** Starts a release, with the files as they are after these changes, which later ones keep. */
  releases(version: string, changes?: Changes, manner?: { ifBusy?: 'supersede' }): Promise<Update>;
  /** The same, to the end of its window: `Given().HealthyRollout()`. */
  hasReleased(version: string, changes?: Changes): Promise<void>;
  /** Pods of each of these versions, those that are going left out; waits until it is so. */
  hasPods(count: Readonly<Record<string, number>>): Promise<void>;
  podsOf(version: string): Promise<readonly V1Pod[]>;
  replicaSetOf(version: string): Promise<V1ReplicaSet | null>;
  /** Which version each Service selects; waits until it is so. */
  selects(versions: { readonly stable: string; readonly canary?: string }): Promise<void>;
  /** Tells pods of a version that were played as not ready that they are: as many as this. */
  makesReady(version: string, count: number): Promise<void>;
}

/** Makes the objects of a story in a namespace of the test's own. */
export async function given(scope: Scope, engine: Engine, start: Given): Promise<Story> {
  const cluster = await openCluster(scope);
  const { service } = start;
  let now: Given = start;
  await cluster.apply([
    ...[stableOf(service), canaryOf(service)].map((name) => serviceObject(name, { app: service })),
    ...(start.objects ?? []),
  ]);
  await start.prepared?.(cluster);

  const podsOf: Story['podsOf'] = async (version) => {
    const pods = await cluster.list<V1Pod>('v1', 'Pod', `shiplock.dev/revision=${revisionId(version)}`);
    return pods.filter(({ metadata }) => !metadata?.deletionTimestamp);
  };
  const releases: Story['releases'] = async (version, changes = {}, manner = {}) => {
    now = { ...now, ...changes };
    const file = writeFiles(cluster, now);
    return startRelease(engine, { file, version, ...manner });
  };

  return {
    cluster,
    service,
    releases,
    podsOf,
    async hasReleased(version, changes) {
      const update = await releases(version, changes);
      await update.comesTo('released');
    },
    async hasPods(count) {
      await until(`pods ${JSON.stringify(count)}`, async () => {
        const entries = Object.keys(count).map(async (version) => [version, (await podsOf(version)).length] as const);
        const seen = Object.fromEntries(await Promise.all(entries));
        if (Object.entries(count).every(([version, pods]) => seen[version] === pods)) return true;
        throw new Error(JSON.stringify(seen));
      });
    },
    replicaSetOf: (version) => cluster.get<V1ReplicaSet>('apps/v1', 'ReplicaSet', `${service}-${revisionId(version)}`),
    async selects({ stable, canary }) {
      const wanted = { [stableOf(service)]: stable, ...(canary && { [canaryOf(service)]: canary }) };
      for (const [name, version] of Object.entries(wanted)) {
        await until(`Service ${name} selects ${version}`, async () => {
          const found = await cluster.get<V1Service>('v1', 'Service', name);
          if (found?.spec?.selector?.['shiplock.dev/revision'] === revisionId(version)) return true;
          throw new Error(JSON.stringify(found?.spec?.selector));
        });
      }
    },
    async makesReady(version, count) {
      for (let made = 0; made < count; made += 1) {
        const pod = await until(`a pod of ${version} that is not ready`, async () =>
          (await podsOf(version)).find(isHeld),
        );
        const annotations = { 'played.shiplock.dev/ready': null };
        await cluster.patch('v1', 'Pod', pod.metadata?.name ?? '', { metadata: { annotations } });
      }
    },
  };
}

function isHeld(pod: V1Pod): boolean {
  return pod.metadata?.annotations?.['played.shiplock.dev/ready'] === 'false';
}

/** @returns the release file. */
function writeFiles(cluster: TestCluster, story: Given): string {
  const { service, release, templates } = story;
  return writeRelease(cluster, {
    service,
    rollout: rollout({ ...story, name: service }),
    ...(release && { release }),
    ...(templates && { templates }),
  });
}
