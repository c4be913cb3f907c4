import { join } from 'node:path';
import { download, text } from '../download.ts';
import { unreachable } from '../failures.ts';
import type { VendorDownload } from '../pins.ts';
import type { Source } from './source.ts';

/** The vendor's own download, the last resort: its checksum comes from the list that the vendor publishes beside it. */
export function vendor(pinned: VendorDownload): Source {
  const { host } = new URL(pinned.url);
  const filename = pinned.url.slice(pinned.url.lastIndexOf('/') + 1);
  return {
    title: `the vendor (${host})`,
    async bring(folder, onBytes) {
      const { body } = await text(pinned.checksums);
      const sha256 = checksumOf(filename, body);
      if (sha256 === null) throw unreachable(filename, host, `${pinned.checksums} does not list it`);
      const to = join(folder, filename);
      await download({ url: pinned.url, to, sha256, onBytes });
      return to;
    },
  };
}

/**
 * A file's SHA-256 in a list as `sha256sum` writes it (`HASH  [*][folder/]NAME`), also a signed one.
 * Null where the list does not name it, or names it twice with different hashes.
 */
export function checksumOf(filename: string, list: string): string | null {
  const hashes = new Set<string>();
  for (const line of list.split('\n')) {
    const [, hash, name] = /^([0-9a-f]{64})\s+\*?(\S+)\s*$/i.exec(line) ?? [];
    if (hash !== undefined && name?.split('/').at(-1) === filename) hashes.add(hash.toLowerCase());
  }
  const [only, another] = hashes;
  return only !== undefined && another === undefined ? only : null;
}
