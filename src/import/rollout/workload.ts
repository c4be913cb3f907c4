/** Where an imported Rollout has its pods from, and what serves until its first release. */
import { rolloutName } from '../../plan/argo/rollout.ts';
import { valueAt } from '../../plan/shape/check.ts';
import type { Source } from '../../plan/yaml/read.ts';
import { yamlText } from '../document.ts';
import type { Ledger, MadeFile } from '../ledger.ts';

interface Around {
  readonly source: Source;
  readonly sources: readonly Source[];
  readonly service: string;
  /** A file as the release file names it. */
  readonly from: (file: string) => string;
}

export interface Workload {
  /** Fields of `target`. */
  readonly target: object;
  readonly files: readonly MadeFile[];
}

const SPEC = ['spec'];
const HASH = 'rollouts-pod-template-hash';

export function workloadOf(around: Around, ledger: Ledger): Workload {
  const { source } = around;
  return valueAt(source.value, ['spec', 'workloadRef']) == null
    ? ownTemplate(around, ledger)
    : referenced(around, ledger);
}

/**
 * Argo's ReplicaSets are nobody's that could be adopted. A Deployment of the same template takes over from them, and the
 * first release from it.
 */
function ownTemplate({ source, service }: Around, ledger: Ledger): Workload {
  const name = rolloutName(source) ?? service;
  const namespace = valueAt(source.value, ['metadata', 'namespace']);
  const of = (field: string) => valueAt(source.value, [...SPEC, field]);
  const file = `${service}-deployment.yaml`;
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, ...(typeof namespace === 'string' ? { namespace } : {}) },
    spec: { replicas: of('replicas') ?? 1, selector: of('selector') ?? {}, template: of('template') ?? {} },
  };
  const text = `hand over without an outage: apply ${file}, wait until it is ready, take ${HASH} out of the selectors of both Services, delete the Rollout from the cluster (its manifest stays: the release reads its steps), and start the first release, which adopts the Deployment ${name}`;
  ledger.todo(SPEC, text);
  const head = `# Takes over from the pods of the Rollout ${name}, and serves until the first release has replaced it.\n`;
  return {
    target: { ...container(source, ledger), adopts: { name, scaleDown: 'onsuccess' } },
    files: [{ name: file, text: head + yamlText(deployment) }],
  };
}

function referenced({ source, sources, from }: Around, ledger: Ledger): Workload {
  const name = valueAt(source.value, ['spec', 'workloadRef', 'name']);
  const found = sources.find(
    ({ value }) => valueAt(value, ['kind']) === 'Deployment' && valueAt(value, ['metadata', 'name']) === name,
  );
  const text = `hand over without an outage: scale the Deployment ${String(name)} to its full size and wait until it is ready, take ${HASH} out of the selectors of both Services, delete the Rollout from the cluster (its manifest stays: the release reads its steps), and start the first release`;
  ledger.todo([...SPEC, 'workloadRef'], text);
  if (found?.file === source.file) return { target: container(found, ledger), files: [] };
  if (found !== undefined)
    return { target: { ...container(found, ledger), deployment: { file: from(found.file) } }, files: [] };
  ledger.todo(
    [...SPEC, 'workloadRef'],
    `the Deployment ${String(name)} is not among the files: name its manifest at target.deployment.file`,
  );
  return { target: { deployment: { file: 'deployment.yaml' } }, files: [] };
}

/** Which container carries the version has to be said where there are several. */
function container(manifest: Source, ledger: Ledger): object {
  const list = valueAt(manifest.value, ['spec', 'template', 'spec', 'containers']);
  const names = (Array.isArray(list) ? list : []).map((one) => valueAt(one, ['name']));
  const [first, second] = names;
  if (second === undefined || typeof first !== 'string') return {};
  ledger.todo(
    ['spec', 'template'],
    `the version is taken to be that of the container ${first}; the pods have ${names.join(', ')}`,
  );
  return { container: first };
}
