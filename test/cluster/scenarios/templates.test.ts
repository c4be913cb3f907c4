import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { planProblems } from '../../../src/client/index.ts';
import { scenario } from '../scoreboard/scenario.ts';
import { type Engine, openEngine } from '../support/engine.ts';
import { type Given, given } from '../support/story.ts';

const limit = { timeout: 120_000 };
let engine: Engine;
before(async () => {
  engine = await openEngine();
});
after(() => engine.close());

const container = (more: object) => ({
  containers: [{ name: 'app', image: 'registry.example/app:1.0.0', ports: [{ containerPort: 3000 }], ...more }],
});

scenario(
  'TestRolloutPodVolumesItemsSpec',
  'a volume whose field is called items stands in the pods as planned',
  async (t) => {
    const items = [
      { key: 'game.properties', path: 'game.properties' },
      { key: 'user-interface.properties', path: 'user-interface.properties' },
    ];
    const shop = await given(t, engine, {
      service: 'items',
      replicas: 2,
      objects: [
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'files' },
          data: { 'game.properties': 'lives=5\n', 'user-interface.properties': 'color=purple\n' },
        },
      ],
      canary: { steps: [{ setWeight: 25 }, { pause: {} }] },
      pod: {
        ...container({ volumeMounts: [{ name: 'files', mountPath: '/config', readOnly: true }] }),
        volumes: [{ name: 'files', configMap: { name: 'files', items } }],
      },
    });
    await shop.hasReleased('1.0.0');
    await shop.hasPods({ '1.0.0': 2 });
    for (const { spec } of await shop.podsOf('1.0.0')) {
      const volume = spec?.volumes?.find(({ name }) => name === 'files');
      assert.deepEqual(volume?.configMap?.items, items);
    }
  },
  limit,
);

scenario(
  'TestContainerResourceFormats',
  'cpu 0.001, "0.001" and 1m are the same in the pods',
  async (t) => {
    const of = (name: string, cpu: unknown) => ({
      name,
      image: `registry.example/${name}:1`,
      resources: { requests: { cpu } },
    });
    const shop = await given(t, engine, {
      service: 'formats',
      pod: {
        containers: [...container({}).containers, of('a', 0.001), of('b', '0.001'), of('c', '1m')],
      },
      release: { target: { container: 'app' } },
    });
    await shop.hasReleased('1.0.0');
    const [pod] = await shop.podsOf('1.0.0');
    const cpus = pod?.spec?.containers.slice(1).map(({ resources }) => resources?.requests?.cpu);
    assert.deepEqual(cpus, ['1m', '1m', '1m']);
  },
  limit,
);

const MALFORMED: readonly (readonly [called: string, name: string, pod: Given['pod'], because: RegExp])[] = [
  ['TestMalformedRollout', 'quantity', container({ resources: { limits: { memory: 'invalid' } } }), /memory|quantit/i],
  [
    'TestMalformedRolloutEphemeralCtr',
    'ephemeral',
    {
      ...container({}),
      ephemeralContainers: [{ name: 'app', image: 'registry.example/debug:1', ports: [{ containerPort: 80 }] }],
    },
    /ephemeral/i,
  ],
];

for (const [called, name, pod, because] of MALFORMED) {
  scenario(
    called,
    `a pod template that the API server refuses (${name}) goes back with its words, and the next release gets through`,
    async (t) => {
      const shop = await given(t, engine, { service: `malformed-${name}`, ...(pod && { pod }) });
      const told = await shop.releases('1.0.0').then(
        async (update) => (await update.sees('it has ended', ({ phase }) => phase === 'ended')).because,
        (error: unknown) => JSON.stringify(planProblems(error)),
      );
      assert.match(told, because);
      await shop.hasPods({ '1.0.0': 0 });
      await shop.hasReleased('1.1.0', { pod: container({}) });
      await shop.hasPods({ '1.1.0': 1 });
    },
    limit,
  );
}
