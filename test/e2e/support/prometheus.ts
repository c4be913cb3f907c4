import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { endWithUs, removeWithUs } from '../../../infra/local/afterwards.ts';
import { serverPath } from '../../../infra/local/servers/index.ts';
import { choosePort } from '../../../infra/local/stack/ports.ts';
import type { Certificate } from './certificate.ts';

/** Of a Prometheus that wants a login, over TLS. */
export const LOGIN = { username: 'shop', password: 'test-only-password' } as const;
/** bcrypt of that password, with the least cost. */
const HASH = '$2b$04$1tDA33Q9KbdeRRIEbjJBVeXezjeBj/mqcjelG9O8lqLLyQNE94gL2';

/**
 * A real Prometheus of its own that scrapes itself every second; whoever needs a first scrape waits for it. With a
 * certificate it speaks TLS and wants the `LOGIN`.
 *
 * @param others whose `/metrics` it scrapes, too: `127.0.0.1:PORT`
 */
export async function startPrometheus(
  certificate?: Certificate,
  others: readonly string[] = [],
): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const home = await mkdtemp(path.join(tmpdir(), 'shiplock-metrics-'));
  removeWithUs(home);
  const port = await choosePort(null);
  const config = {
    global: { scrape_interval: '1s' },
    scrape_configs: [
      {
        job_name: 'self',
        static_configs: [{ targets: [`127.0.0.1:${port}`, ...others] }],
        ...(certificate && { scheme: 'https', basic_auth: LOGIN, tls_config: { insecure_skip_verify: true } }),
      },
    ],
  };
  await writeFile(path.join(home, 'prometheus.yml'), JSON.stringify(config));
  if (certificate) {
    const web = {
      tls_server_config: { cert_file: 'cert.pem', key_file: 'key.pem' },
      basic_auth_users: { [LOGIN.username]: HASH },
    };
    await writeFile(path.join(home, 'cert.pem'), certificate.cert);
    await writeFile(path.join(home, 'key.pem'), certificate.key);
    await writeFile(path.join(home, 'web.yml'), JSON.stringify(web));
  }
  const { path: program } = await serverPath('prometheus', { fetch: true });
  const flags = [
    `--config.file=${home}/prometheus.yml`,
    `--storage.tsdb.path=${home}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    ...(certificate ? [`--web.config.file=${home}/web.yml`] : []),
  ];
  const child = spawn(program, flags, { stdio: 'ignore' });
  child.once('exit', endWithUs(child.pid ?? Number.NaN));
  return {
    address: `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`,
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      await rm(home, { recursive: true, force: true });
    },
  };
}
