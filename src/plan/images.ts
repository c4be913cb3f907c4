import type { KubernetesTarget } from './target.ts';

/** Every image that would run, the released one among them. */
export function imagesOf({ template }: Pick<KubernetesTarget, 'template'>): string[] {
  const spec = template.spec as Readonly<Record<string, unknown>> | undefined;
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((field) => {
    const list = spec?.[field];
    return (Array.isArray(list) ? list : []).map((container) =>
      String((container as { image?: unknown } | null)?.image),
    );
  });
}
