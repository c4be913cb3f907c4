/** CredLink's release as it is shipped, in a folder where a test cluster can carry it; `CHANGES` says what is different. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Document, parseAllDocuments } from 'yaml';
import { PLAYED } from '../../test-cluster/index.ts';

const root = join(import.meta.dirname, '../../..');
const RELEASE = 'release-kubernetes.yaml';
const MANIFESTS = 'infra/kubernetes';

export interface Here {
  /** As the worker's policy names it. */
  readonly cluster: string;
  readonly namespace: string;
  /** A registry on this machine and its builder; `null`: there is none, and no image is built or looked at. */
  readonly image: { readonly repository: string } | null;
  /** Of the stable side. Absent: as shipped. */
  readonly replicas?: number;
  /** Nothing but the ramp and the switch, with pauses of 4 s: to look at. */
  readonly brief?: boolean;
}

const OF_THE_TEST = [
  'the cluster and the namespace are those of the test; the pods are processes of the sample service (an annotation)',
  'analyses beside the ramp read until its end, as ten readings five minutes apart do, also where this machine is slow',
  'what went back stays for 2 s instead of 30',
  'latency may be ten times what is shipped, and is not compared with the other side: all share one machine with the load',
];
/** Every difference from the shipped files, in words. */
export const CHANGES: readonly string[] = [
  ...OF_THE_TEST,
  'the pauses of the ramp are 2, 6, 15 and 4 s, its analyses read every 2 s, the window is 10 s',
  'rates are taken over 10 s (4 s after the switch), which hold enough scrapes; their first look waits 8 s for them',
  'the comparison, the last look and the look after the switch read once a second',
  'the load test lasts 5 s, and its comparison of both sides is 5 instead of 1.5',
];
export const FEWER_PODS = 'four pods instead of ten: each is a process of this machine';
export const WITHOUT_IMAGE = 'no image is built, written or looked at: there is no registry';
/** The same of a brief one. */
export const BRIEF_CHANGES: readonly string[] = [
  ...OF_THE_TEST,
  'nothing but the ramp and the switch: no gates, image, migrations, validation, no look after the switch',
  'the pauses of the ramp are 4 s, its analyses read every 2 s, over 10 s; the comparison and the last look every second',
  'the window is 3 s, and weights count once they are written, without a look at what the router counts',
];

/**
 * Copies the release file and what it names, changed as `CHANGES` says.
 * @returns the release file, and the objects of the cluster, which are as shipped
 */
export function copyShipped(folder: string, here: Here): { readonly file: string; readonly objects: string } {
  mkdirSync(join(folder, 'infra'), { recursive: true });
  for (const name of ['kubernetes', 'helm', 'database', 'sample-service'])
    cpSync(join(root, 'infra', name), join(folder, 'infra', name), { recursive: true });
  write(folder, RELEASE, releaseChanges(here));
  write(folder, `${MANIFESTS}/canary-deployment.yaml`, rolloutChanges(here));
  write(folder, `${MANIFESTS}/analysis-templates.yaml`, [
    ...metricChanges({ document: 0, range: '10s', interval: '2s' }),
    ...metricChanges({ document: 1, range: '10s', interval: '2s' }),
    { document: 0, path: [...METRIC, 'count'], to: null },
    { document: 1, path: [...METRIC, 'count'], to: null },
    { document: 1, path: [...METRIC, 'successCondition'], to: 'result[0] <= 5' },
  ]);
  write(folder, `${MANIFESTS}/phase-templates.yaml`, [
    ...metricChanges({ document: 0, range: '4s', interval: '1s' }),
    { path: [...METRIC, 'initialDelay'], to: '8s' },
  ]);
  const [services, virtualService] = ['services.yaml', 'virtual-service.yaml'].map((name) =>
    readFileSync(join(root, MANIFESTS, name), 'utf8'),
  );
  return { file: join(folder, RELEASE), objects: `${services}---\n${virtualService}` };
}

type Path = readonly (string | number)[];

/** What is changed or goes must be there as it is shipped, and what is added must not: else the copy is another release. */
interface Change {
  readonly document?: number;
  readonly path: Path;
  /** `null`: it goes. */
  readonly to: string | number | boolean | object | null | ((text: string) => string);
  readonly adds?: true;
}

function write(folder: string, name: string, changes: readonly Change[]): void {
  const documents = parseAllDocuments(readFileSync(join(root, name), 'utf8')) as Document[];
  for (const { document = 0, path, to, adds = false } of changes) {
    const changing = documents[document];
    if (!changing || changing.hasIn(path) === adds) throw new Error(`${name}: ${path.join('.')} is not as it was`);
    if (to === null) changing.deleteIn(path);
    else changing.setIn(path, typeof to === 'function' ? to(String(changing.getIn(path))) : changing.createNode(to));
  }
  writeFileSync(join(folder, name), documents.join(''));
}

const METRIC: Path = ['spec', 'metrics', 0];
const TEMPLATE: Path = ['spec', 'template'];
const CONTAINER: Path = [...TEMPLATE, 'spec', 'containers', 0];
const MONITOR: Path = ['promotion', 'monitor'];
const PERFORMANCE: Path = ['validation', 'performance'];

function releaseChanges(here: Here): Change[] {
  const { cluster, namespace, image, brief = false } = here;
  return [
    { path: ['target', 'cluster'], to: cluster },
    { path: ['target', 'namespace'], to: namespace },
    ...(image ? imageChanges(image.repository) : NO_IMAGE),
    { path: ['canary', 'comparison', 'interval'], to: '1s', adds: true },
    { path: ['canary', 'comparison', 'metrics', 1], to: null },
    { path: [...MONITOR, 'healthy', 'p95'], to: '5s' },
    { path: [...MONITOR, 'unhealthy', 'p95'], to: '10s' },
    { path: [...MONITOR, 'interval'], to: '1s' },
    { path: [...MONITOR, 'window'], to: '10s', adds: true },
    { path: [...PERFORMANCE, 'duration'], to: '5s' },
    { path: [...PERFORMANCE, 'p95'], to: '5s' },
    { path: [...PERFORMANCE, 'versusStable'], to: 5 },
    { path: ['window', 'duration'], to: brief ? '3s' : '10s' },
    ...(brief ? [['gates'], ['database'], ['validation'], ['cutover', 'after']] : []).map((path) => ({
      path,
      to: null,
    })),
  ];
}

function imageChanges(repository: string): Change[] {
  return [
    { path: ['image', 'repository'], to: repository },
    { path: ['image', 'insecure'], to: true, adds: true },
  ];
}

const NO_IMAGE: readonly Change[] = [
  { path: ['image'], to: null },
  { path: ['configuration', 0, 'helm', 'digest'], to: null },
  { path: ['validation', 'security', 'image'], to: null },
];

function rolloutChanges({ image, replicas, brief = false }: Here): Change[] {
  const pauses = brief ? { 1: '4s', 3: '4s', 5: '4s', 7: '4s' } : { 1: '2s', 3: '6s', 5: '15s', 7: '4s' };
  const canary = ['spec', 'strategy', 'canary'];
  const steps = [...canary, 'steps'];
  return [
    ...(replicas === undefined ? [] : [{ path: ['spec', 'replicas'], to: replicas }]),
    ...Object.entries(pauses).map(([step, to]) => ({ path: [...steps, Number(step), 'pause', 'duration'], to })),
    { path: [...canary, 'abortScaleDownDelaySeconds'], to: 2, adds: true },
    { path: [...TEMPLATE, 'metadata', 'annotations'], to: { [PLAYED.served]: 'true' }, adds: true },
    ...(image ? [{ path: [...CONTAINER, 'image'], to: () => `${image.repository}:{{ .Values.image.tag }}` }] : []),
  ];
}

function metricChanges({ document, range, interval }: { document: number; range: string; interval: string }): Change[] {
  const query = [...METRIC, 'provider', 'prometheus', 'query'];
  return [
    { document, path: [...METRIC, 'interval'], to: interval },
    { document, path: query, to: (text) => text.replaceAll(/\[\d+m\]/g, `[${range}]`) },
  ];
}
