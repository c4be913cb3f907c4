/**
 * npm run test:cluster -- [--sample] [--context NAME] [FILE…] [-- OPTIONS OF node --test]
 *
 * Runs the tests of this folder on the cluster of this checkout, which is brought up first and taken down after, unless
 * it was up already; with `--context` on a cluster of yours, by your KUBECONFIG. All of them write the scoreboard anew.
 */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { progressBar, type ServerName, serverPath } from '../../infra/local/servers/index.ts';
import { clusterStatus, obtainProgram, runInside, startCluster, stopCluster } from '../../infra/test-cluster/index.ts';
import { ShiplockError } from '../../src/errors.ts';
import { SAMPLE } from './sample.ts';
import { clearResults } from './scoreboard/results.ts';
import { writeScoreboard } from './scoreboard/write.ts';

const root = join(import.meta.dirname, '../..');
/** What tests start besides; fetched here, since nothing can be fetched inside the cluster's network. */
const SERVERS: readonly ServerName[] = ['temporal', 'traefik', 'prometheus', 'postgres'];
const AT_ONCE = 2;

const own = process.argv.slice(2);
const split = own.indexOf('--') < 0 ? own.length : own.indexOf('--');
const { values, positionals } = parseArgs({
  args: own.slice(0, split),
  options: { sample: { type: 'boolean' }, context: { type: 'string' } },
  allowPositionals: true,
});
const files = filesAsked();
const tests = nodeTest(files, own.slice(split + 1));
const isWhole = positionals.length === 0 && !values.sample && split === own.length;

try {
  if (isWhole) clearResults();
  if (files.some((file) => basename(file).startsWith('argo'))) {
    await obtainProgram('rollouts-controller', (line) => console.error(line));
  }
  process.exitCode = values.context === undefined ? await onOurs() : await onYours(values.context);
  if (isWhole) console.log(writeScoreboard());
} catch (error) {
  if (!(error instanceof ShiplockError)) throw error;
  console.error(`${error.message} (${error.code})${error.mend ? `\nmend: ${error.mend}` : ''}`);
  process.exitCode = 1;
}

async function onOurs(): Promise<number> {
  const onProgress = progressBar(process.stderr);
  for (const name of SERVERS) await serverPath(name, { fetch: true, onProgress });
  const wasUp = clusterStatus() !== null;
  const status = await startCluster({ onLine: (line) => console.error(line) });
  if (!wasUp) console.error(`the test cluster is up after ${(status.readyAfterMs / 1000).toFixed(1)} s`);
  try {
    return await runInside(status, tests, { contained: true });
  } finally {
    if (!wasUp) await stopCluster();
  }
}

function onYours(context: string): Promise<number> {
  const kubeconfig = process.env.KUBECONFIG ?? join(process.env.HOME ?? '', '.kube', 'config');
  const env = { ...process.env, KUBECONFIG: kubeconfig, SHIPLOCK_TEST_CONTEXT: context };
  const [file = '', ...args] = tests;
  const child = spawn(file, args, { env, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

function filesAsked(): readonly string[] {
  if (positionals.length > 0) return positionals;
  if (values.sample) return SAMPLE.map((name) => join('test/cluster', name));
  return globSync('test/cluster/**/*.test.ts', { cwd: root }).toSorted();
}

function nodeTest(files: readonly string[], options: readonly string[]): readonly string[] {
  return [process.execPath, '--test', '--test-force-exit', `--test-concurrency=${AT_ONCE}`, ...options, ...files];
}
