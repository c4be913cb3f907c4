/**
 * What Argo's own validation asks of a Rollout's pods. The rest of the pod template is Kubernetes' own and is not
 * looked into.
 */
import type { Path, Report } from '../problem.ts';
import { valueAt } from '../shape/check.ts';
import { DNS_LABEL } from '../shape/fields.ts';
import { show } from '../shape/show.ts';
import type { Source } from '../yaml/read.ts';

/** Kubernetes' `resource.Quantity`. */
const QUANTITY = /^[+-]?(\d+\.?\d*|\.\d+)(m|n|u|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?\d+)?$/;

export function checkPods(source: Source, report: Report): void {
  if (valueAt(source.value, ['spec', 'workloadRef']) != null) return;
  checkSelector(source, report);
  const pod: Path = ['spec', 'template', 'spec'];
  const containers = valueAt(source.value, [...pod, 'containers']);
  if (!Array.isArray(containers) || containers.length === 0) {
    const message = 'is missing; expected the containers of the pod';
    report.error(source, [...pod, 'containers'], 'SHIPLOCK_PLAN_FIELD_MISSING', message, 'key');
  }
  const names = new Set<unknown>();
  for (const field of ['initContainers', 'containers', 'ephemeralContainers']) {
    const list = valueAt(source.value, [...pod, field]);
    if (!Array.isArray(list)) continue;
    for (const index of list.keys()) checkContainer(source, [...pod, field, index], names, report);
  }
  for (const [path] of entries(valueAt(source.value, [...pod, 'affinity']), [...pod, 'affinity'])) {
    const value = valueAt(source.value, path);
    if (path.at(-1) === 'preferredDuringSchedulingIgnoredDuringExecution' && !Array.isArray(value)) {
      report.error(source, path, 'SHIPLOCK_PLAN_TYPE', `is ${show(value)}; expected a list`);
    }
  }
}

function checkSelector(source: Source, report: Report): void {
  const path: Path = ['spec', 'selector'];
  const wanted = valueAt(source.value, [...path, 'matchLabels']);
  const expressions = valueAt(source.value, [...path, 'matchExpressions']);
  if (!isMap(wanted) && !Array.isArray(expressions)) {
    const message = 'is missing; expected matchLabels that match the labels of the pod template';
    report.error(source, path, 'SHIPLOCK_PLAN_FIELD_MISSING', message, 'key');
    return;
  }
  const labels = valueAt(source.value, ['spec', 'template', 'metadata', 'labels']);
  for (const [name, value] of Object.entries(isMap(wanted) ? wanted : {})) {
    if (isMap(labels) && labels[name] === value) continue;
    const message = `is ${show(value)}; the label ${name} of the pod template must say the same`;
    report.error(source, [...path, 'matchLabels', name], 'SHIPLOCK_PLAN_SELECTOR', message);
  }
}

function checkContainer(source: Source, path: Path, names: Set<unknown>, report: Report): void {
  const name = valueAt(source.value, [...path, 'name']);
  if (typeof name !== 'string' || !DNS_LABEL.test(name)) {
    report.error(
      source,
      [...path, 'name'],
      'SHIPLOCK_PLAN_VALUE',
      `is ${show(name)}; expected a DNS label, for example api`,
    );
  } else if (names.has(name)) {
    report.error(source, [...path, 'name'], 'SHIPLOCK_PLAN_DUPLICATE', `a second container is named ${name}`);
  }
  names.add(name);
  for (const kind of ['requests', 'limits']) {
    const quantities = valueAt(source.value, [...path, 'resources', kind]);
    for (const [resource, value] of Object.entries(isMap(quantities) ? quantities : {})) {
      if (QUANTITY.test(String(value))) continue;
      const message = `is ${show(value)}; expected a quantity, for example 250m or 256Mi`;
      report.error(source, [...path, 'resources', kind, resource], 'SHIPLOCK_PLAN_VALUE', message);
    }
  }
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every value below a path, with its path. */
export function* entries(value: unknown, path: Path): Generator<[Path, unknown]> {
  yield [path, value];
  if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* entries(item, [...path, index]);
  else if (isMap(value)) for (const [key, item] of Object.entries(value)) yield* entries(item, [...path, key]);
}
