/** Names that others define, as their owners read them; shared by release files and compiled plans. */

/** An image without tag and digest (OCI distribution spec, "Pulling manifests"), with or without its registry's host. */
export const REPOSITORY =
  /^((?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[::1\])(?::\d{1,5})?\/)?[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;

export const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** A flag's key, and its variants. */
export const FLAG_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** A field name of HTTP (RFC 9110, `token`), in lower case. */
export const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]{1,128}$/;

/** A migration: digits that order it, then what it does. */
export const MIGRATION = /^\d{1,14}_[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.sql$/;

/** The registry of an image stands on this machine, so plain HTTP shows it to nobody. */
export function isLoopbackRepository(repository: string): boolean {
  const [host = ''] = repository.split('/');
  const name = host.replace(/:\d+$/, '');
  return repository.includes('/') && (name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name));
}
