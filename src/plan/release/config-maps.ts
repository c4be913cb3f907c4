/** ConfigMaps that go with the pod template: each revision has its own copy. */
import { z } from 'zod';
import { fillHelm } from '../argo/placeholders.ts';
import { configMapNames } from '../config-map-names.ts';
import { MAX_CONFIG_MAP_BYTES, MAX_CONFIG_MAPS } from '../limits.ts';
import { checkShape, valueAt } from '../shape/check.ts';
import { refused } from '../shape/fields.ts';
import { CONFIG_KEY, CONFIG_MAP_NAME } from '../shape/names.ts';
import type { ConfigMapPlan, JsonObject } from '../target.ts';
import type { Source } from '../yaml/read.ts';
import type { Context } from './context.ts';

const schema = z.looseObject({
  apiVersion: z.literal('v1'),
  metadata: z.looseObject({ name: z.string().regex(CONFIG_MAP_NAME, 'a DNS name of at most 200 characters') }),
  data: z.record(z.string().regex(CONFIG_KEY, 'a key: letters, digits, -, _ and ., at most 253'), z.string()).nullish(),
  binaryData: refused('binaryData'),
});

/** `null` with the reason reported. */
export function compileConfigMaps(
  context: Context,
  files: readonly string[],
  template: JsonObject,
): ConfigMapPlan[] | null {
  const { source, report } = context;
  const before = report.errors().length;
  const named = configMapNames(template);
  const maps = new Map<string, ConfigMapPlan>();
  for (const [index, file] of files.entries()) {
    const path = ['target', 'configMaps', index];
    const found = context.documents(file).filter(({ value }) => valueAt(value, ['kind']) === 'ConfigMap');
    if (found.length === 0 && context.documents(file).length > 0) {
      report.error(source, path, 'SHIPLOCK_PLAN_NEEDS', `${file} holds no ConfigMap`);
    }
    for (const document of found) {
      const map = compileOne(context, document, named);
      if (map && maps.has(map.name)) {
        const message = `a second ConfigMap is named ${map.name}`;
        report.error(document, ['metadata', 'name'], 'SHIPLOCK_PLAN_DUPLICATE', message);
      } else if (map) maps.set(map.name, map);
    }
  }
  if (maps.size > MAX_CONFIG_MAPS) {
    const message = `are ${maps.size} ConfigMaps; expected at most ${MAX_CONFIG_MAPS}`;
    report.error(source, ['target', 'configMaps'], 'SHIPLOCK_PLAN_RANGE', message, 'key');
  }
  const bytes = Buffer.byteLength(JSON.stringify([...maps.values()]));
  if (bytes > MAX_CONFIG_MAP_BYTES) {
    const message = `are ${bytes} bytes as JSON; expected at most ${MAX_CONFIG_MAP_BYTES} in one release`;
    report.error(source, ['target', 'configMaps'], 'SHIPLOCK_PLAN_RANGE', message, 'key');
  }
  return report.errors().length === before ? [...maps.values()] : null;
}

function compileOne(context: Context, document: Source, named: ReadonlySet<string>): ConfigMapPlan | null {
  const filled = fillHelm(document, context.tag, context.report);
  const map = checkShape(schema, filled, filled.value, [], context.report);
  if (map === undefined) return null;
  const { name } = map.metadata;
  if (named.has(name)) return { name, data: map.data ?? {} };
  const message = `the pod template names no ConfigMap ${name}: the revisions get no copy of it`;
  context.report.warning(document, ['metadata', 'name'], 'SHIPLOCK_PLAN_FIELD_IGNORED', message);
  return null;
}
