/** A container image, cut into what a release may change of it and what it may not. */
export interface Image {
  /** Registry and repository. */
  readonly name: string;
  /** For example `1.2.0`; empty where there is none. */
  readonly tag: string;
  /** What follows the `@`; empty where there is none. Where it stands, it alone says what runs. */
  readonly digest: string;
}

/** What one edit changes; it leaves the other alone. */
export type Part = 'tag' | 'digest';

const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/**
 * Cuts an image reference. A colon before the last slash belongs to a registry's port, one after the `@` to the digest;
 * a template counts as one piece, whatever stands in it.
 *
 * @example parseImage('registry:5000/api:1.2.0@sha256:…') // { name: 'registry:5000/api', tag: '1.2.0', digest: 'sha256:…' }
 * @example parseImage('credlink/api:{{ .Values.image.tag }}') // tag: '{{ .Values.image.tag }}', digest: ''
 */
export function parseImage(reference: string): Image {
  const hidden = reference.replace(/\{\{.*?\}\}/g, (template) => 'T'.repeat(template.length));
  const path = hidden.lastIndexOf('/') + 1;
  const at = indexOr(hidden.indexOf('@', path), reference.length);
  const colon = indexOr(hidden.slice(0, at).indexOf(':', path), at);
  return { name: reference.slice(0, colon), tag: reference.slice(colon + 1, at), digest: reference.slice(at + 1) };
}

function indexOr(index: number, otherwise: number): number {
  return index < 0 ? otherwise : index;
}

/**
 * Whether Helm renders a part: it stands in a template, or there is none and the template around it could bring it
 * along (`{{ .Values.image }}`).
 */
export function isRendered(image: Image, part: Part): boolean {
  return (image[part] || referenceOf(image)).includes('{{');
}

/** The reference with another tag, or another digest; empty removes it. `null`: no registry knows such a one. */
export function imageWith(image: Image, part: Part, value: string): string | null {
  const isKnown = value === '' || (part === 'tag' ? TAG.test(value) : isDigest(value));
  return isKnown ? referenceOf({ ...image, [part]: value }) : null;
}

export function isDigest(value: string): boolean {
  return DIGEST.test(value);
}

function referenceOf({ name, tag, digest }: Image): string {
  return `${name}${tag && `:${tag}`}${digest && `@${digest}`}`;
}
