import { type ServerName, serverNamed } from './catalogue.ts';
import { type FetchOptions, fetchServer, missing } from './fetch.ts';
import { type FoundServer, findServer } from './search.ts';

export { cacheFolder } from './cache.ts';
export type { ServerName } from './catalogue.ts';
export { examine, type Finding } from './doctor.ts';
export { type FetchOptions, fetchServer } from './fetch.ts';
export { isReady, renderFindings } from './findings.ts';
export { type OnProgress, type Progress, progressBar } from './progress.ts';
export { type FoundServer, findServer, type Search } from './search.ts';

/**
 * Where a server is: its environment variable, `PATH`, our cache, and where `fetch` is set the registry, then its vendor.
 * @throws SHIPLOCK_SERVER_MISSING where it is not there and `fetch` is not set; else as `findServer` and `fetchServer`
 * @example
 * const { path } = await serverPath('temporal', { fetch: true, onProgress: progressBar(process.stderr) });
 */
export async function serverPath(
  name: ServerName,
  options: FetchOptions & { readonly fetch?: boolean } = {},
): Promise<FoundServer> {
  const { found, because } = await findServer(name, options.environment);
  if (found !== null) return found;
  if (options.fetch !== true || serverNamed(name).from === null) throw missing(name, because);
  return fetchServer(name, options);
}
