import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { serverPath } from '../../../infra/local/servers/index.ts';
import { choosePort } from '../../../infra/local/stack/ports.ts';

/** A real Prometheus of its own that scrapes itself every second; whoever needs a first scrape waits for it. */
export async function startPrometheus(): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const home = await mkdtemp(path.join(tmpdir(), 'shiplock-metrics-'));
  const port = await choosePort(null);
  const config = {
    global: { scrape_interval: '1s' },
    scrape_configs: [{ job_name: 'self', static_configs: [{ targets: [`127.0.0.1:${port}`] }] }],
  };
  await writeFile(path.join(home, 'prometheus.yml'), JSON.stringify(config));
  const { path: program } = await serverPath('prometheus', { fetch: true });
  const flags = [
    `--config.file=${home}/prometheus.yml`,
    `--storage.tsdb.path=${home}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const child = spawn(program, flags, { stdio: 'ignore' });
  process.once('exit', () => child.kill('SIGKILL'));
  return {
    address: `http://127.0.0.1:${port}`,
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      await rm(home, { recursive: true, force: true });
    },
  };
}
