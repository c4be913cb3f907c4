import { access, constants, readdir, realpath, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { ShiplockError } from '../../../src/errors.ts';
import { cacheFolder, entryFolder, readEntry } from './cache.ts';
import { type Server, type ServerName, serverNamed } from './catalogue.ts';
import { runProgram } from './child.ts';
import { olderThan, platformOf, thisMachine } from './platform.ts';

export interface FoundServer {
  readonly name: ServerName;
  /** The executable, absolute. */
  readonly path: string;
  /** `1.9.1`, or `unknown` where it does not tell. */
  readonly version: string;
  readonly from: 'environment' | 'path' | 'cache' | 'registry' | 'vendor';
}

export interface Search {
  readonly found: FoundServer | null;
  /** Where it was found, or where it was looked for and what was passed over. */
  readonly because: string;
}

/**
 * Looks for a server: its environment variable, then `PATH` (passing over what is older than the version this project
 * is tested with), then the cache. It fetches nothing.
 * @throws SHIPLOCK_SERVER_OVERRIDE where the environment variable names nothing that can be run: what a person asked
 * for is never replaced silently
 */
export async function findServer(name: ServerName, environment: NodeJS.ProcessEnv = process.env): Promise<Search> {
  const server = serverNamed(name);
  const chosen = environment[server.variable];
  if (chosen) return { found: await override(server, chosen), because: `${server.variable} names it` };

  const onPath = await searchPath(server, environment);
  if (onPath.found !== null) return onPath;
  const cached = await searchCache(server, environment);
  if (cached.found !== null) return cached;
  return { found: null, because: `${server.variable} is not set, ${onPath.because}, ${cached.because}` };
}

/**
 * The version that an executable tells with `--version`; null where it cannot be run or tells none.
 * @example await versionOf('/usr/bin/prometheus', 'prometheus') // '2.42.0'
 */
export async function versionOf(path: string, name: ServerName): Promise<string | null> {
  const { version, asked = '--version' } = serverNamed(name);
  if (version === null) return 'unknown';
  const ended = await runProgram(path, [asked], { timeoutMs: 20_000 });
  return version.exec(`${ended.output}\n${ended.errors}`)?.[1] ?? null;
}

async function override(server: Server, path: string): Promise<FoundServer> {
  const version = (await isProgram(path)) ? await versionOf(path, server.name) : null;
  if (version === null) {
    throw new ShiplockError({
      code: 'SHIPLOCK_SERVER_OVERRIDE',
      message: `${server.variable}=${path} is no ${server.name} that can be run here`,
      mend: `unset ${server.variable}, or let it name the executable`,
    });
  }
  return { name: server.name, path: await realpath(path), version, from: 'environment' };
}

/** `PATH`, and the folders beside it in which this server's systems keep it. */
export async function searchPath(server: Server, environment: NodeJS.ProcessEnv): Promise<Search> {
  const passedOver: string[] = [];
  const onPath = (environment.PATH ?? '').split(delimiter);
  const folders = [...onPath, ...(await besides(server))];
  for (const command of server.commands) {
    for (const folder of folders) {
      const path = join(folder, command);
      if (folder === '' || !(await isProgram(path))) continue;
      const version = await versionOf(path, server.name);
      const objection = objectionTo(server, version);
      if (version !== null && objection === null) {
        const because = `${onPath.includes(folder) ? 'PATH' : folder} has ${command} ${version}`;
        return { found: { name: server.name, path, version, from: 'path' }, because };
      }
      passedOver.push(`${path}${onPath.includes(folder) ? ' on PATH' : ''} ${objection}`);
    }
  }
  return { found: null, because: passedOver[0] ?? `PATH has no ${server.commands.join(' or ')}` };
}

/** The folders out of `PATH`, the newest version first. */
async function besides(server: Server): Promise<readonly string[]> {
  const folders = (server.folders ?? []).map(async (pattern) => {
    const [above = '', below = ''] = pattern.split('*');
    const names = await readdir(above).catch(() => []);
    return names.toSorted((a, b) => (olderThan(a, b) ? 1 : -1)).map((name) => `${above}${name}${below}`);
  });
  return (await Promise.all(folders)).flat();
}

function objectionTo(server: Server, version: string | null): string | null {
  if (version === null) return 'does not run or tells no version';
  if (server.minimum === null || !olderThan(version, server.minimum)) return null;
  return `is ${version}, older than ${server.minimum}`;
}

async function searchCache(server: Server, environment: NodeJS.ProcessEnv): Promise<Search> {
  const platform = platformOf(thisMachine());
  if (server.from === null || platform === null) return { found: null, because: 'it is never fetched here' };
  const cache = cacheFolder(environment);
  const folder = entryFolder(cache, server.from, platform);
  const entry = await readEntry(folder);
  if (entry === null) return { found: null, because: `the cache ${cache} does not hold it` };
  const path = join(folder, server.name);
  return {
    found: { name: server.name, path, version: entry.version, from: 'cache' },
    because: `in the cache, once from ${entry.from}`,
  };
}

/** Whether a path is a file that may be executed. */
export async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
