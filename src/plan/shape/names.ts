/** Names that others define, as their owners read them; shared by release files and compiled plans. */

/** An image without tag and digest (OCI distribution spec, "Pulling manifests"), with or without its registry's host. */
export const REPOSITORY =
  /^((?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[::1\])(?::\d{1,5})?\/)?[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;

/** Without tag and digest: `registry:5000/shop/api:1.0` is `registry:5000/shop/api`. */
export function repositoryOf(image: string): string {
  const [tagged = ''] = image.split('@');
  const colon = tagged.indexOf(':', tagged.lastIndexOf('/') + 1);
  return colon === -1 ? tagged : tagged.slice(0, colon);
}

/** Of a ConfigMap: each revision's copy has its id behind it, and 253 characters are the most (RFC 1123). */
export const CONFIG_MAP_NAME = /^[a-z0-9]([-a-z0-9.]{0,198}[a-z0-9])?$/;
/** A key of a ConfigMap's data. */
export const CONFIG_KEY = /^[-._a-zA-Z0-9]{1,253}$/;

export const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** A flag's key, and its variants. */
export const FLAG_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** A field name of HTTP (RFC 9110, `token`), in lower case. */
export const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]{1,128}$/;

/** A field name of HTTP (RFC 9110, `token`), in whatever case. */
export const HEADER_FIELD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;

/** A migration: digits that order it, then what it does. */
export const MIGRATION = /^\d{1,14}_[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.sql$/;

/** The registry of an image stands on this machine, so plain HTTP shows it to nobody. */
export function isLoopbackRepository(repository: string): boolean {
  const [host = ''] = repository.split('/');
  const name = host.replace(/:\d+$/, '');
  return repository.includes('/') && (name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name));
}
