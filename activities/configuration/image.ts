/** A container image, cut where its version begins. */
export interface Image {
  /** Registry and repository. */
  readonly name: string;
  /** `1.2.0`, `sha256:…`, both as `1.2.0@sha256:…`, or empty. */
  readonly tag: string;
  readonly isTemplate: boolean;
}

const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/**
 * Cuts an image reference. A colon before the last slash belongs to a registry's port; a template counts as one piece,
 * whatever stands in it.
 *
 * @example parseImage('registry:5000/credlink/api:1.2.0') // { name: 'registry:5000/credlink/api', tag: '1.2.0', … }
 * @example parseImage('credlink/api:{{ .Values.image.tag }}') // tag: '{{ .Values.image.tag }}', isTemplate: true
 */
export function parseImage(reference: string): Image {
  const hidden = reference.replace(/\{\{.*?\}\}/g, (template) => 'T'.repeat(template.length));
  const path = hidden.lastIndexOf('/') + 1;
  const cut = [hidden.indexOf(':', path), hidden.indexOf('@', path)].filter((index) => index >= 0);
  const end = cut.length > 0 ? Math.min(...cut) : reference.length;
  const tag = reference.slice(end + 1);
  return { name: reference.slice(0, end), tag, isTemplate: (tag || reference).includes('{{') };
}

/** The reference with another version; `null` where `tag` is none that a registry knows. */
export function imageWith({ name }: Image, tag: string): string | null {
  if (tag === '') return name;
  const [version = '', digest, ...more] = tag.split('@');
  if (more.length > 0) return null;
  if (digest === undefined && DIGEST.test(version)) return `${name}@${version}`;
  if (!TAG.test(version) || (digest !== undefined && !DIGEST.test(digest))) return null;
  return `${name}:${tag}`;
}
