import { entries } from './argo/pod.ts';
import type { JsonObject } from './target.ts';

/** The ConfigMaps that a pod template names: of variables, of volumes and of projected volumes. */
export function configMapNames(template: JsonObject): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [path, value] of entries(template, [])) {
    const parent = path.at(-2);
    const isReference = parent === 'configMap' || parent === 'configMapRef' || parent === 'configMapKeyRef';
    if (isReference && path.at(-1) === 'name' && typeof value === 'string') names.add(value);
  }
  return names;
}
