/** The pods of a target on Kubernetes: selector, and pod template with the image of the version. */
import { entries } from '../argo/pod.ts';
import { MAX_TEMPLATE_BYTES } from '../limits.ts';
import type { ImagePlan } from '../plan.ts';
import type { Path } from '../problem.ts';
import { checkShape, piece, valueAt } from '../shape/check.ts';
import { isOwnLabel, labels } from '../shape/labels.ts';
import { REPOSITORY, repositoryOf } from '../shape/names.ts';
import { show } from '../shape/show.ts';
import type { JsonObject, JsonValue } from '../target.ts';
import type { Source } from '../yaml/read.ts';
import type { Context } from './context.ts';
import { urlPath } from './schema-fields.ts';

export interface CompiledPods {
  readonly selector: Readonly<Record<string, string>>;
  readonly template: JsonObject;
  /** Of the readiness probe of the container whose image is released; `null`: it asks for no path. */
  readonly readinessPath: string | null;
}

const SELECTOR: Path = ['spec', 'selector'];
const TEMPLATE: Path = ['spec', 'template'];
const LABELS: Path = [...TEMPLATE, 'metadata', 'labels'];
const CONTAINERS: Path = [...TEMPLATE, 'spec', 'containers'];

/** `null` with the reason reported. That the selector fits the labels is checked where the manifest is picked. */
export function compilePods(
  context: Context,
  manifest: Source,
  wanted: { readonly container: string | undefined; readonly image: ImagePlan | undefined },
): CompiledPods | null {
  const selector = compileSelector(context, manifest);
  const template = valueAt(manifest.value, TEMPLATE);
  if (!isObject(template)) return null;
  checkTemplate(context, manifest, template);
  const index = pickContainer(context, manifest, wanted);
  if (selector === null || index === null) return null;
  const image = imageOf(context, manifest, [...CONTAINERS, index, 'image'], wanted.image);
  if (image === null) return null;
  const probe = valueAt(manifest.value, [...CONTAINERS, index, 'readinessProbe', 'httpGet']);
  return {
    selector,
    template: withImage(template, index, image),
    readinessPath: isObject(probe) ? (piece(urlPath(''), probe.path ?? '/') ?? null) : null,
  };
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function compileSelector(context: Context, manifest: Source): Record<string, string> | null {
  const { report } = context;
  const expressions = valueAt(manifest.value, [...SELECTOR, 'matchExpressions']);
  if (Array.isArray(expressions) && expressions.length > 0) {
    const message = 'is not supported on kubernetes: Services find a revision by its labels; use matchLabels';
    report.error(manifest, [...SELECTOR, 'matchExpressions'], 'SHIPLOCK_PLAN_UNSUPPORTED', message, 'key');
    return null;
  }
  const path = [...SELECTOR, 'matchLabels'];
  const raw = valueAt(manifest.value, path) ?? undefined;
  const selector = checkShape(labels(), manifest, raw, path, report);
  const own = checkShape(labels().nullish(), manifest, valueAt(manifest.value, LABELS), LABELS, report);
  checkOwn(context, manifest, path, selector);
  checkOwn(context, manifest, LABELS, own);
  if (selector === undefined || own == null) return null;
  if (Object.keys(selector).length > 0) return selector;
  report.error(manifest, path, 'SHIPLOCK_PLAN_VALUE', 'is empty; expected labels of the pod template', 'key');
  return null;
}

function checkOwn(context: Context, manifest: Source, path: Path, found: object | null | undefined): void {
  for (const key of Object.keys(found ?? {}).filter(isOwnLabel)) {
    const message = 'is a label that each revision is given of its own; remove it';
    context.report.error(manifest, [...path, key], 'SHIPLOCK_PLAN_VALUE', message, 'key');
  }
}

/** It travels in the plan, which is JSON. */
function checkTemplate(context: Context, manifest: Source, template: JsonObject): void {
  for (const [path, value] of entries(template, TEMPLATE)) {
    if (typeof value !== 'number' || Number.isFinite(value)) continue;
    context.report.error(manifest, path, 'SHIPLOCK_PLAN_VALUE', `is ${value}; expected a finite number`);
  }
  const bytes = Buffer.byteLength(JSON.stringify(template));
  if (bytes <= MAX_TEMPLATE_BYTES) return;
  const message = `is ${bytes} bytes as JSON; expected at most ${MAX_TEMPLATE_BYTES}: files belong into ConfigMaps`;
  context.report.error(manifest, TEMPLATE, 'SHIPLOCK_PLAN_RANGE', message, 'key');
}

/** The index of the container whose image carries the version. */
function pickContainer(
  context: Context,
  manifest: Source,
  { container, image }: { readonly container: string | undefined; readonly image: ImagePlan | undefined },
): number | null {
  const { source, report } = context;
  const raw = valueAt(manifest.value, CONTAINERS);
  const containers: readonly unknown[] = Array.isArray(raw) ? raw : [];
  const names = containers.map((found) => String(valueAt(found, ['name']) ?? '(no name)'));
  if (container !== undefined) {
    const index = names.indexOf(container);
    if (index !== -1) return index;
    const message = `is ${show(container)}, which the pod template of ${manifest.file} has not; it has ${names.join(', ')}`;
    report.error(source, ['target', 'container'], 'SHIPLOCK_PLAN_EDIT_TARGET', message);
    return null;
  }
  if (containers.length <= 1) return containers.length - 1 === 0 ? 0 : null;
  const fitting = containers.flatMap((found, index) =>
    repositoryOf(String(valueAt(found, ['image']))) === image?.repository ? [index] : [],
  );
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  const message = `is missing; expected one of ${names.join(', ')}: the container whose image carries the version`;
  report.error(source, ['target', 'container'], 'SHIPLOCK_PLAN_FIELD_MISSING', message, 'key');
  return null;
}

/** The release's image where it has one, else the container's own with the version as its tag. */
function imageOf(context: Context, manifest: Source, path: Path, image: ImagePlan | undefined): string | null {
  const { version, report } = context;
  if (image !== undefined) return `${image.repository}:${version}${image.digest === null ? '' : `@${image.digest}`}`;
  const own = valueAt(manifest.value, path);
  if (typeof own === 'string' && REPOSITORY.test(repositoryOf(own))) return `${repositoryOf(own)}:${version}`;
  const found = own === undefined || own === null ? 'is missing' : `is ${show(own)}`;
  report.error(manifest, path, 'SHIPLOCK_PLAN_VALUE', `${found}; expected an image, for example shop/api:1.0.0`, 'key');
  return null;
}

function withImage(template: JsonObject, index: number, image: string): JsonObject {
  const spec = template.spec as JsonObject;
  const containers = (spec.containers as readonly JsonValue[]).map((container, at) =>
    at === index ? { ...(container as JsonObject), image } : container,
  );
  return { ...template, spec: { ...spec, containers } };
}
