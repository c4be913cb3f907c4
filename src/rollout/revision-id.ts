import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** A label's value has at most 63 characters: 40 leave room for a service's name before the ID in a pod's. */
const SLUG_LENGTH = 40;

/** Two versions that look the same as a name (`1.0` and `1-0`) differ here. */
const HASH_DIGITS = 8;

/**
 * What the objects of a version are called in a cluster: the version as a DNS label (RFC 1123, section 2.1: lower-case
 * letters, digits, inner hyphens), then 8 hex digits of the SHA-256 of the whole version (UTF-8), which keep it unique.
 * At most 49 characters; fit to be a label's value and part of a name.
 *
 * @example revisionId('1.1.0') // '1-1-0-7fbd210e'
 */
export function revisionId(version: string): string {
  const hash = bytesToHex(sha256(utf8ToBytes(version))).slice(0, HASH_DIGITS);
  const slug = trimmed(trimmed(version.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')).slice(0, SLUG_LENGTH));
  return slug === '' ? hash : `${slug}-${hash}`;
}

function trimmed(text: string): string {
  return text.replaceAll(/^-+|-+$/g, '');
}
