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

/** Every difference from the shipped files, in words. */
export const CHANGES: readonly string[] = [
  'the cluster and the namespace are those of the test; the pods are processes of the sample service (an annotation)',
  'minutes are seconds: the pauses of the ramp, the intervals of its analyses, the window',
  'rates are taken over 10 s (4 s after the switch), which hold enough scrapes; their first look waits 8 s for them',
  'what went back stays for 2 s instead of 30',
  'latency may be ten times what is shipped, and is not compared with the other side: all share one machine with the load',
  'the comparison, the last look and the look after the switch read once a second',
  'the load test lasts 5 s, and its comparison of both sides is 5 instead of 1.5',
];
export const FEWER_PODS = 'four pods instead of ten: each is a process of this machine';
export const WITHOUT_IMAGE = 'no image is built, written or looked at: there is no registry';
export const BRIEFLY = 'nothing but the ramp and the switch, with pauses of 4 s: no gates, migrations, validation';

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
    ...metricChanges({ document: 0, range: '10s', interval: here.brief ? '2s' : '5s' }),
    ...metricChanges({ document: 1, range: '10s', interval: here.brief ? '2s' : '5s' }),
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
  const pauses = brief ? { 1: '4s', 3: '4s', 5: '4s', 7: '4s' } : { 1: '5s', 3: '10s', 5: '15s', 7: '10s' };
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
