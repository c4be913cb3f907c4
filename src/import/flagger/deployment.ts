/** The pods that a Canary is about. */
import { dirname, relative, resolve } from 'node:path';
import { valueAt } from '../../plan/shape/check.ts';
import type { Source } from '../../plan/yaml/read.ts';
import type { Ledger } from '../ledger.ts';
import type { FlaggerManifests } from './manifests.ts';

export interface Pods {
  /** Relative to the release file. */
  readonly file: string;
  readonly selector: Readonly<Record<string, string>>;
  /** Whose image carries the version; `null`: there is one only, or nobody knows. */
  readonly container: string | null;
}

/** The Deployment among the files, from which Services take their labels. */
export function deploymentOf(output: string, { canary, deployments }: FlaggerManifests, ledger: Ledger): Pods {
  const { name, kind } = canary.value.spec.targetRef;
  if (kind !== 'Deployment') {
    const what = kind === 'Service' ? 'a Service, or one of Knative' : String(kind);
    ledger.refuse(['spec', 'targetRef', 'kind'], `${what} is not released; Shiplock releases the pods of a Deployment`);
  }
  const found = deployments.find((source) => valueAt(source.value, ['metadata', 'name']) === name);
  if (found === undefined) {
    ledger.todo(
      ['spec', 'targetRef'],
      `the Deployment ${name} is not among the files: name its manifest at target.deployment.file, and check that the Services' selector is that of its pods`,
    );
    return { file: 'deployment.yaml', selector: { app: name }, container: null };
  }
  ledger.kept(
    ['spec', 'targetRef'],
    `pods and replicas of the Deployment ${name}, which serves until the first release`,
  );
  return { file: relativeTo(output, found), selector: selectorOf(found, name), container: containerOf(found, name) };
}

const relativeTo = (output: string, source: Source): string => relative(dirname(resolve(output)), resolve(source.file));

function selectorOf(source: Source, name: string): Record<string, string> {
  const labels = valueAt(source.value, ['spec', 'selector', 'matchLabels']);
  const texts = Object.entries(typeof labels === 'object' && labels !== null ? labels : {});
  return texts.length === 0 ? { app: name } : Object.fromEntries(texts.map(([key, value]) => [key, String(value)]));
}

/** Only where there are several: then the one that is named as the target. */
function containerOf(source: Source, name: string): string | null {
  const containers = valueAt(source.value, ['spec', 'template', 'spec', 'containers']);
  const names = (Array.isArray(containers) ? containers : []).map((one) => valueAt(one, ['name']));
  if (names.length < 2) return null;
  const own = names.find((one) => one === name) ?? names[0];
  return typeof own === 'string' ? own : null;
}
