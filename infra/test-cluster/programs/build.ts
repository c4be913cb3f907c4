import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ShiplockError } from '../../../src/errors.ts';
import { cacheFolder, install } from '../../local/servers/cache.ts';
import { diskFailure } from '../../local/servers/failures.ts';
import { type BuildName, builds } from './catalogue.ts';

/** Told a line at a time. */
export type OnLine = (line: string) => void;

const TELL_EVERY_MS = 15_000;
/** What the linker and the compilers need besides what is kept. */
const ROOM_BYTES = 3e9;
const LAST_LINES = 8;

/** Where a build lies, or would. */
export function buildFolder(name: BuildName, environment: NodeJS.ProcessEnv = process.env): string {
  const platform = `${process.platform}-${process.arch}`;
  return join(cacheFolder(environment), 'servers', `${name}-${builds[name].version}-${platform}`);
}

/**
 * Builds programs from our own `go.mod`, whose `go.sum` holds the hash of every module, and puts them into the cache.
 * @throws SHIPLOCK_SERVER_BUILD, SHIPLOCK_DISK_FULL, SHIPLOCK_CACHE_UNWRITABLE
 */
export async function build(name: BuildName, onLine: OnLine, environment = process.env): Promise<void> {
  const { version, programs, packages, takes } = builds[name];
  const cache = cacheFolder(environment);
  onLine(`building ${name} ${version} from its Go module, once; on two cores it takes ${takes}`);
  const began = Date.now();
  try {
    await install(cache, buildFolder(name, environment), async (staging) => {
      const args = ['build', '-v', '-buildvcs=false', '-ldflags', linkerFlags(name), '-o', `${staging.entry}/`];
      await go([...args, ...packages], name, onLine, environment);
      return { package: name, version, from: 'go build', names: programs };
    });
  } catch (error) {
    throw diskFailure(error, cache, ROOM_BYTES) ?? error;
  }
  onLine(`built ${name} ${version} in ${seconds(began)} s`);
}

function linkerFlags(name: BuildName): string {
  const { versionVariable, version } = builds[name];
  if (versionVariable === null) return '-s -w';
  const [major, minor] = version.split('.');
  const at = versionVariable.slice(0, versionVariable.lastIndexOf('.'));
  return `-s -w -X ${versionVariable}=v${version} -X ${at}.gitMajor=${major} -X ${at}.gitMinor=${minor}`;
}

/** `go build -v` names each package as it is compiled, and each module as it is fetched. */
function go(args: readonly string[], name: BuildName, onLine: OnLine, environment: NodeJS.ProcessEnv): Promise<void> {
  const began = Date.now();
  const said: string[] = [];
  let compiled = 0;
  let fetched = 0;
  return new Promise((resolve, reject) => {
    const child = spawn('go', args, {
      cwd: join(import.meta.dirname, '..', name),
      env: { ...environment, CGO_ENABLED: '0' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const tell = setInterval(() => {
      onLine(`  ${name}: ${fetched} modules fetched, ${compiled} packages compiled, ${seconds(began)} s`);
    }, TELL_EVERY_MS);
    createInterface(child.stderr).on('line', (line) => {
      if (line.startsWith('go: downloading')) fetched += 1;
      else if (/^[\w.~/-]+$/.test(line)) compiled += 1;
      else said.push(line);
    });
    child.once('error', (cause) => {
      clearInterval(tell);
      reject(withoutGo(name, cause));
    });
    child.once('close', (code) => {
      clearInterval(tell);
      if (code === 0) return resolve();
      const words = said.slice(-LAST_LINES).join('\n');
      if (/no space left on device/.test(words)) return reject(Object.assign(new Error(words), { code: 'ENOSPC' }));
      reject(failed(name, code, words));
    });
  });
}

function withoutGo(name: BuildName, cause: Error): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_SERVER_MISSING',
    message: `${builds[name].programs.join(', ')} must be built, and there is no Go: ${cause.message}`,
    mend: 'install Go 1.26 or newer (https://go.dev/doc/install), or let KUBEBUILDER_ASSETS name a folder that has them',
    cause,
  });
}

function failed(name: BuildName, code: number | null, words: string): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_SERVER_BUILD',
    message: `go build of ${name} ended with ${code}: ${words}`,
    mend: 'look at what Go says: it needs version 1.26, 3 GB of disk, and a module proxy (GOPROXY)',
  });
}

function seconds(since: number): number {
  return Math.round((Date.now() - since) / 1000);
}
