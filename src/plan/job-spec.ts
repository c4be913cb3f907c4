/** The parts of a metric's Job that are looked into. Pure: the workflow uses it, too. */
import type { KubernetesJob } from './plan.ts';
import type { JsonObject, JsonValue } from './target.ts';

/** The PodTemplateSpec of its pods. */
export const podTemplateOf = ({ spec }: Pick<KubernetesJob, 'spec'>): JsonObject => objectOf(spec.template);

/** What it runs, for people: each container's image and words. @example 'registry.example/smoke:1 sh -c check' */
export function jobText(job: Pick<KubernetesJob, 'spec'>): string {
  const containers = listOf(objectOf(podTemplateOf(job).spec).containers).map(objectOf);
  return containers
    .map(({ image, command, args }) => [image, ...listOf(command), ...listOf(args)].map(String).join(' '))
    .join(' + ');
}

/**
 * The Job with every text replaced that a release may fill: words and variables of its containers, labels and
 * annotations. Nothing else, since the policy looks at the rest before anything is filled in.
 */
export function withJobTexts<J extends Pick<KubernetesJob, 'spec' | 'metadata'>>(
  job: J,
  replace: (text: string) => string,
): J {
  const { metadata } = job;
  const template = podTemplateOf(job);
  const pod = objectOf(template.spec);
  const filled = {
    ...template,
    ...(template.metadata ? { metadata: filledMetadata(template.metadata, replace) } : {}),
  };
  const containers = Object.fromEntries(
    CONTAINERS.filter((field) => pod[field] != null).map((field) => [
      field,
      listOf(pod[field]).map((container) => filledContainer(objectOf(container), replace)),
    ]),
  );
  return {
    ...job,
    ...(metadata && { metadata: filledMetadata(metadata as JsonObject, replace) }),
    spec: { ...job.spec, template: { ...filled, spec: { ...pod, ...containers } } },
  };
}

/** Where the names of revisions stand, and would not be filled in: the paths below the Job. */
export function strayRevisions(job: Pick<KubernetesJob, 'spec' | 'metadata'>): (readonly (string | number)[])[] {
  const { spec, metadata } = withJobTexts(job, (text) => text.replaceAll('{{revision.', ''));
  return [...placesOf({ spec, ...(metadata && { metadata: metadata as JsonObject }) }, [])];
}

const CONTAINERS = ['initContainers', 'containers'] as const;

function filledContainer(container: JsonObject, replace: (text: string) => string): JsonObject {
  const words = Object.fromEntries(
    ['command', 'args']
      .filter((field) => container[field] != null)
      .map((field) => [field, listOf(container[field]).map((word) => filledText(word, replace))]),
  );
  const variables = listOf(container.env).map((variable) => {
    const { value, ...rest } = objectOf(variable);
    return value == null ? rest : { ...rest, value: filledText(value, replace) };
  });
  return { ...container, ...words, ...(container.env == null ? {} : { env: variables }) };
}

function filledMetadata(metadata: JsonValue, replace: (text: string) => string): JsonObject {
  const { labels, annotations, ...rest } = objectOf(metadata);
  const fill = (values: JsonValue) =>
    Object.fromEntries(Object.entries(objectOf(values)).map(([key, value]) => [key, filledText(value, replace)]));
  return {
    ...rest,
    ...(labels == null ? {} : { labels: fill(labels) }),
    ...(annotations == null ? {} : { annotations: fill(annotations) }),
  };
}

const filledText = (value: JsonValue, replace: (text: string) => string): JsonValue =>
  typeof value === 'string' ? replace(value) : value;

function* placesOf(value: JsonValue, path: readonly (string | number)[]): Generator<readonly (string | number)[]> {
  if (typeof value === 'string') {
    if (value.includes('{{revision.')) yield path;
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* placesOf(item, [...path, index]);
  } else {
    for (const [key, item] of Object.entries(objectOf(value))) yield* placesOf(item, [...path, key]);
  }
}

const listOf = (value: JsonValue | undefined): readonly JsonValue[] => (Array.isArray(value) ? value : []);

function objectOf(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
