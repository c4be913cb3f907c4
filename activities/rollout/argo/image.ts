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

/**
 * The version that an image reference names: its tag, else its digest.
 *
 * @example versionOf('registry.example:5000/shop/api:1.2.0@sha256:…') // '1.2.0'
 */
export function versionOf(image: string): string {
  const [name = '', digest] = image.split('@', 2);
  const tag = name.slice(name.lastIndexOf('/') + 1).split(':')[1];
  return tag ?? digest ?? 'latest';
}
