import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ShiplockError } from '../../../src/errors.ts';
import { cacheFolder, install, readEntry } from '../../local/servers/cache.ts';
import { lastLine, runProgram } from '../../local/servers/child.ts';
import { diskFailure, wrongHash } from '../../local/servers/failures.ts';
import type { OnLine } from './build.ts';
import { type Module, modules } from './modules.ts';

/** A custom resource definition, as its author publishes it. */
export interface Definition {
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  };
}

const FILE = 'definitions.json';
const FETCH_MS = 300_000;
const ROOM_BYTES = 500e6;

/**
 * The definitions of all modules: from the cache, else fetched by Go from its module proxy, only the very version whose
 * hash is pinned.
 * @throws SHIPLOCK_SERVER_MISSING without Go, SHIPLOCK_SERVER_NETWORK, SHIPLOCK_SERVER_HASH, SHIPLOCK_DISK_FULL,
 * SHIPLOCK_CACHE_UNWRITABLE
 */
export async function customResources(onLine: OnLine, environment = process.env): Promise<readonly Definition[]> {
  const lists = modules.map(async (module) => {
    const folder = folderOf(module, environment);
    if ((await readEntry(folder)) === null) await bring(module, folder, onLine, environment);
    return JSON.parse(await readFile(join(folder, FILE), 'utf8')) as Definition[];
  });
  return (await Promise.all(lists)).flat();
}

function folderOf({ path, version }: Module, environment: NodeJS.ProcessEnv): string {
  return join(cacheFolder(environment), 'servers', `definitions-${path.replaceAll('/', '-')}-${version}`);
}

async function bring(module: Module, folder: string, onLine: OnLine, environment: NodeJS.ProcessEnv): Promise<void> {
  onLine(`fetching the custom resource definitions of ${module.path} ${module.version}`);
  const cache = cacheFolder(environment);
  try {
    await install(cache, folder, async (staging) => {
      const source = await download(module, environment);
      const documents = module.files.map(async (file) => parseAllDocuments(await readFile(join(source, file), 'utf8')));
      const all = (await Promise.all(documents)).flat().map((document) => document.toJS() as Definition | null);
      const taken = all.filter((one) => one !== null && module.definitions.includes(one.metadata?.name));
      if (taken.length !== module.definitions.length) throw new Error(`${module.path} lacks some of its definitions`);
      await writeFile(join(staging.entry, FILE), JSON.stringify(taken, withoutProse));
      return { package: module.path, version: module.version, from: 'go mod download', names: [FILE] };
    });
  } catch (error) {
    throw diskFailure(error, cache, ROOM_BYTES) ?? error;
  }
}

/** Descriptions are most of a schema, and cost the API server seconds at its start; they validate nothing. */
function withoutProse(key: string, value: unknown): unknown {
  return key === 'description' && typeof value === 'string' ? undefined : value;
}

/** @returns the folder in Go's module cache. */
async function download({ path, version, sum }: Module, environment: NodeJS.ProcessEnv): Promise<string> {
  // In a folder without a go.mod, so that no other module has a say.
  const cwd = await mkdtemp(join(tmpdir(), 'shiplock-modules-'));
  try {
    const args = ['mod', 'download', '-json', `${path}@${version}`];
    const ended = await runProgram('go', args, { timeoutMs: FETCH_MS, cwd, environment });
    if (ended.code === null) throw withoutGo(ended.errors);
    const { Dir, Sum, Error: said } = JSON.parse(ended.output || '{}') as Record<string, string | undefined>;
    if (ended.code !== 0 || Dir === undefined || Sum === undefined) {
      throw unreachable(`${path} ${version}`, said ?? lastLine(ended.errors));
    }
    if (Sum !== sum) throw wrongHash(`${path} ${version}`, sum, Sum);
    return Dir;
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}

function withoutGo(because: string): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_SERVER_MISSING',
    message: `custom resource definitions must be fetched, and there is no Go that does: ${because}`,
    mend: 'install Go 1.26 or newer (https://go.dev/doc/install)',
  });
}

function unreachable(what: string, because: string): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_SERVER_NETWORK',
    message: `${what} could not be fetched by go mod download: ${because}`,
    mend: 'look at the network and at GOPROXY, and run it again',
  });
}
