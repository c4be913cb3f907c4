/** A Deployment that runs, as a release that adopts it: none of its pods is restarted. */

import { createReport } from '../../plan/problem.ts';
import { valueAt } from '../../plan/shape/check.ts';
import type { JsonObject } from '../../plan/target.ts';
import type { Source } from '../../plan/yaml/read.ts';
import { yamlText } from '../document.ts';
import { headerOf } from '../header.ts';
import { createLedger, type Imported, type Ledger, type MadeFile, outcome } from '../ledger.ts';
import { labelOf } from '../names.ts';
import { cleanDeployment, mapOf, type Running } from './clean.ts';

/** What is read of a cluster. */
export interface RunningDeployment {
  readonly deployment: Running;
  /** ConfigMaps of its namespace that its pods name. */
  readonly configMaps: readonly JsonObject[];
  /** Services of its namespace. */
  readonly services: readonly JsonObject[];
}

export interface DeploymentRequest {
  /** A cluster of the worker's policy; absent: `default`. */
  readonly cluster?: string | undefined;
}

export function importDeployment(running: RunningDeployment, { cluster }: DeploymentRequest): Imported {
  const report = createReport();
  const manifest = cleanDeployment(running.deployment);
  const name = String(manifest.metadata.name);
  const service = labelOf(name);
  const source: Source = { file: `deployment/${name}`, value: manifest, place: () => ({ line: 1, column: 1 }) };
  const ledger = createLedger(source, report);
  checkSelector(ledger);
  noteOwners(running.deployment, ledger);
  if (running.deployment.spec.strategy !== undefined) {
    ledger.unneeded(
      ['spec', 'strategy'],
      'revisions stand beside each other; target.scale says how many pods each has',
    );
  }
  const deploymentFile = `${service}-deployment.yaml`;
  const maps = configMapsFile(service, running.configMaps, ledger);
  const value = {
    apiVersion: 'shiplock/v1',
    kind: 'Release',
    service,
    target: {
      platform: 'kubernetes',
      ...(cluster === undefined ? {} : { cluster }),
      deployment: { file: deploymentFile },
      ...containerOf(ledger),
      adopts: { name, scaleDown: 'onsuccess' },
      ...sidesOf(service, manifest, running.services, ledger),
      ...(maps === null ? {} : { configMaps: [maps.name] }),
      traffic: { replicas: {} },
    },
    canary: {
      steps: [{ setWeight: 20 }, { pause: { duration: '5m' } }, { setWeight: 50 }, { pause: { duration: '5m' } }],
    },
  };
  ledger.todo(
    [],
    'canary.steps are a beginning: say which analyses must be good, under canary.background and in steps',
  );
  ledger.todo(
    [],
    'the share of the pods is the share of the requests; where Istio or the Gateway API splits them, say so under target.traffic',
  );
  ledger.kept(['spec'], 'pods, selector and replicas; its pods serve until the first release has replaced them');
  const text = yamlText(value, [], headerOf(`the Deployment ${name}`, ledger.notes(), report.errors()));
  const files: MadeFile[] = [
    {
      name: deploymentFile,
      text: `# The pods of a release; the version is put into their image.\n${yamlText(manifest)}`,
    },
    ...(maps === null ? [] : [maps]),
  ];
  return outcome(report, ledger.notes(), { release: { name: 'release.yaml', text }, files });
}

function checkSelector(ledger: Ledger): void {
  const expressions = valueAt(ledger.source.value, ['spec', 'selector', 'matchExpressions']);
  if (!Array.isArray(expressions) || expressions.length === 0) return;
  ledger.refuse(['spec', 'selector', 'matchExpressions'], 'Services find a revision by its labels; use matchLabels');
}

/** Whoever else writes the Deployment goes on doing so. */
function noteOwners({ metadata }: Running, ledger: Ledger): void {
  const owners = Array.isArray(metadata.ownerReferences) ? metadata.ownerReferences.map(mapOf) : [];
  for (const { kind, name } of owners) {
    ledger.todo(
      ['metadata', 'ownerReferences'],
      `it belongs to ${String(kind)} ${String(name)}, which may scale it back`,
    );
  }
  const manager = mapOf(metadata.labels)['app.kubernetes.io/managed-by'];
  if (manager === undefined) return;
  const text = `${String(manager)} goes on owning the Deployment: a release scales it down and changes nothing else of it, so let its replicas be left alone there`;
  ledger.todo(['metadata', 'labels'], text);
}

/** Which container carries the version has to be said where there are several. */
function containerOf({ source, todo }: Ledger): object {
  const path = ['spec', 'template', 'spec', 'containers'];
  const list = valueAt(source.value, path);
  const names = (Array.isArray(list) ? list : []).map((one) => String(valueAt(one, ['name'])));
  const [first, second] = names;
  if (first === undefined || second === undefined) return {};
  todo(path, `the version is taken to be that of the container ${first}; the pods have ${names.join(', ')}`);
  return { container: first };
}

/** The Service that selects the pods is the stable side's. */
function sidesOf(service: string, manifest: Running, services: readonly JsonObject[], ledger: Ledger): object {
  const labels = mapOf(mapOf(mapOf(manifest.spec.template).metadata).labels);
  const names = services
    .filter((found) => selects(mapOf(mapOf(found.spec).selector), labels))
    .map((found) => String(mapOf(found.metadata).name));
  const [only, second] = names;
  const own = only !== undefined && second === undefined ? only : null;
  const canary = `${labelOf(service.slice(0, 56))}-canary`;
  if (own === null) {
    const found =
      names.length === 0 ? 'no Service selects the pods' : `several Services select the pods (${names.join(', ')})`;
    ledger.todo(['spec', 'selector'], `${found}: say which is the stable side's, as target.stableService`);
    return {};
  }
  ledger.kept(['spec', 'selector'], `the Service ${own} selects the pods, and is the stable side's`);
  return { stableService: own, canaryService: canary === own ? `${canary}-2` : canary };
}

const selects = (selector: JsonObject, labels: JsonObject): boolean =>
  Object.keys(selector).length > 0 && Object.entries(selector).every(([key, value]) => labels[key] === value);

function configMapsFile(service: string, maps: readonly JsonObject[], ledger: Ledger): MadeFile | null {
  const kept = maps.filter(({ metadata, binaryData }) => {
    if (binaryData === undefined) return true;
    const name = String(mapOf(metadata).name);
    ledger.todo(
      ['spec', 'template'],
      `the ConfigMap ${name} holds binary data: every revision has the one that is there`,
    );
    return false;
  });
  if (kept.length === 0) return null;
  const texts = kept.map(({ metadata, data }) =>
    yamlText({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: mapOf(metadata).name }, data: data ?? {} }),
  );
  const names = kept.map(({ metadata }) => String(mapOf(metadata).name)).join(', ');
  ledger.kept(['spec', 'template'], `of the ConfigMaps ${names} each revision has its own copy`);
  const head = '# Of each, every revision has its own copy; those that are there are left alone.\n';
  return { name: `${service}-config-maps.yaml`, text: head + texts.join('---\n') };
}
