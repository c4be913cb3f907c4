import type { Container, PodTemplate } from './object.ts';

/** Where in a pod template the image of this container stands; `null`: there is no such container. */
export function containerAt(
  template: PodTemplate | undefined,
  name: string,
): { readonly path: string; readonly image: string } | null {
  for (const list of ['containers', 'initContainers'] as const) {
    const containers: readonly Container[] = template?.spec?.[list] ?? [];
    const index = containers.findIndex((container) => container.name === name);
    const image = containers[index]?.image;
    if (image !== undefined) return { path: `/spec/template/spec/${list}/${index}/image`, image };
  }
  return null;
}
