/** A Rollout that Argo's own controller goes on driving: the release sets its image and follows it. */
import { rolloutName } from '../../plan/argo/rollout.ts';
import { valueAt } from '../../plan/shape/check.ts';
import { REPOSITORY } from '../../plan/shape/names.ts';
import type { Source } from '../../plan/yaml/read.ts';
import { yamlText } from '../document.ts';
import { headerOf } from '../header.ts';
import type { Ledger, MadeFile } from '../ledger.ts';
import { labelOf } from '../names.ts';

export interface DrivenRequest {
  readonly cluster?: string | undefined;
  readonly namespace?: string | undefined;
}

export function driven(source: Source, { cluster, namespace }: DrivenRequest, ledger: Ledger): MadeFile {
  const name = rolloutName(source) ?? 'unnamed';
  ledger.kept(
    ['spec'],
    "stays the controller's: steps, weights, analyses and pods; no field of it is written but the image",
  );
  const at = valueAt(source.value, ['metadata', 'namespace']);
  const service = (side: string, field: string, green: string) => {
    const found =
      valueAt(source.value, ['spec', 'strategy', 'canary', field]) ??
      valueAt(source.value, ['spec', 'strategy', 'blueGreen', green]);
    return typeof found === 'string' && found !== '' ? { [side]: found } : {};
  };
  const release = {
    apiVersion: 'shiplock/v1',
    kind: 'Release',
    service: labelOf(name),
    target: {
      platform: 'argo',
      ...(cluster === undefined ? {} : { cluster }),
      namespace: typeof at === 'string' ? at : (namespace ?? 'default'),
      rollout: name,
      ...imageOf(source, ledger),
      ...service('stableService', 'stableService', 'activeService'),
      ...service('canaryService', 'canaryService', 'previewService'),
    },
    promotion: { automatic: true },
  };
  return { name: 'release.yaml', text: yamlText(release, [], headerOf(`Argo's Rollout ${name}`, ledger.notes(), [])) };
}

/** The container that carries the version, and what its image is called without tag and digest. */
function imageOf(source: Source, ledger: Ledger): object {
  const list = valueAt(source.value, ['spec', 'template', 'spec', 'containers']);
  const containers = Array.isArray(list) ? list : [];
  const [first] = containers;
  const container = valueAt(first, ['name']);
  const image = valueAt(first, ['image']);
  const repository = typeof image === 'string' ? image.replace(/@.*$/, '').replace(/:[^:/]*$/, '') : '';
  const path = ['spec', 'template'];
  if (containers.length !== 1) {
    const found =
      containers.length === 0
        ? 'no containers of its own'
        : containers.map((one) => String(valueAt(one, ['name']))).join(', ');
    ledger.todo(path, `name the container that carries the version at target.container; the Rollout has ${found}`);
  }
  if (!REPOSITORY.test(repository)) {
    ledger.todo(path, 'name the image without its tag at target.repository, or write a section image');
  }
  return {
    container: typeof container === 'string' ? container : labelOf(rolloutName(source) ?? ''),
    ...(REPOSITORY.test(repository) ? { repository } : {}),
  };
}
