import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { download, sha256Of } from '../download.ts';
import { unreachable, wrongHash } from '../failures.ts';
import type { Deb } from '../pins.ts';
import { answers, clientFailure, runClient } from './client.ts';
import type { Source } from './source.ts';

/**
 * A Debian package's file, without installing it and without root. Where apt is installed it fetches, from the
 * machine's mirrors, with package lists of its own where the machine has none; else, and with `SHIPLOCK_DEBIAN`
 * (an archive's base, default `http://deb.debian.org/debian`), plain HTTP does.
 */
export async function debian(deb: Deb, mirror: string | undefined, environment: NodeJS.ProcessEnv): Promise<Source> {
  if (mirror !== undefined) return overHttp(deb, mirror);
  if (await answers('apt-get', ['--version'], environment)) return byApt(deb, environment);
  return overHttp(deb, 'http://deb.debian.org/debian');
}

function byApt(deb: Deb, environment: NodeJS.ProcessEnv): Source {
  const title = 'Debian by apt-get';
  return {
    title,
    async bring(folder, onBytes) {
      const lists = join(folder, 'lists');
      const cache = join(folder, 'cache');
      const project = `${deb.project}:${deb.architecture}=${deb.version}`;
      // As root, apt would become another user, to whom the cache is closed.
      const options = ['-q', '-o', 'APT::Sandbox::User=root', '-o', `APT::Architecture=${deb.architecture}`];
      const own = [...options, '-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${cache}`];
      const run = (args: readonly string[], progress: (received: number) => void) =>
        runClient({ command: 'apt-get', args, folder, environment, onBytes: progress });

      let ended = await run([...options, 'download', project], onBytes);
      if (ended.code !== 0) {
        await mkdir(join(lists, 'partial'), { recursive: true });
        await mkdir(join(cache, 'archives', 'partial'), { recursive: true });
        // Without a network `update` only warns and ends well; what it said tells why the download fails.
        const updated = await run([...own, '-o', 'Acquire::Languages=none', 'update'], () => undefined);
        const again = await run([...own, 'download', project], onBytes);
        ended = { ...again, errors: `${updated.errors}\n${again.errors}` };
      }
      if (ended.code !== 0) throw clientFailure(project, title, ended);
      const path = join(folder, deb.filename);
      const actual = await sha256Of(path).catch(() => null);
      if (actual === null) throw unreachable(project, title, `it brought another file than ${deb.filename}`);
      if (actual !== deb.sha256) throw wrongHash(deb.filename, deb.sha256, actual);
      return path;
    },
  };
}

function overHttp(deb: Deb, base: string): Source {
  return {
    title: `Debian (${new URL(base).host})`,
    async bring(folder, onBytes) {
      const to = join(folder, deb.filename);
      const url = `${base.replace(/\/$/, '')}/${deb.folder}/${deb.filename}`;
      await download({ url, to, sha256: deb.sha256, onBytes });
      return to;
    },
  };
}
