/** Everything a demo needs around it: the embedded stack, a worker, the release file in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseDocument } from 'yaml';
import { connectShiplock, type Shiplock } from '../../src/client/index.ts';
import { removeWithUs } from '../local/afterwards.ts';
import { ensureStack, type StackStatus, stopStack } from '../local/index.ts';
import { type Postgres, startPostgres } from '../local/postgres.ts';
import { progressBar } from '../local/servers/index.ts';

const root = join(import.meta.dirname, '../..');
const SAMPLE_SERVICE = join(root, 'infra/sample-service');

export interface Stage {
  readonly folder: string;
  readonly stack: StackStatus;
  readonly shiplock: Shiplock;
  /** The release file to start from. */
  readonly releaseFile: string;
  /** The same without what a first release cannot have: migrations, cutover, flags, validation. */
  readonly firstFile: string;
  /** The same without the comparison with the stable side: Argo's thresholds alone. */
  readonly thresholdFile: string;
  readonly policyFile: string;
  /** What a child process needs to find the stack. */
  readonly environment: NodeJS.ProcessEnv;
  /** Which builds are bad: `<version>.json` here, as the sample service's faults. */
  setFaults(version: string, faults: object | null): void;
  /** Turns the flags off again, by hand. */
  resetFlags(): Promise<void>;
  /** Where the service answers, once something was released. */
  serviceAddress(): Promise<string>;
  /** Runs the command line as a user would, its output on this terminal; the exit code. */
  run(args: readonly string[]): Promise<number>;
  /** Kills the worker, for whoever starts workers of their own. */
  endWorker(): Promise<void>;
  /** Ends what was started here, unless it is to be kept. */
  close(options?: { keep?: boolean }): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'shiplock-demo-'));
  const home = join(folder, 'home');
  const environment = {
    ...process.env,
    PATH: `${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH}`,
    SHIPLOCK_HOME: home,
    SHIPLOCK_STATE: join(folder, 'state'),
  };
  let worker: ChildProcess | undefined;
  let database: Postgres | undefined;
  // An embedded stack ends with its home.
  const keepFolder = removeWithUs(folder);
  const close = async ({ keep = false } = {}): Promise<void> => {
    if (keep) return keepFolder();
    worker?.kill('SIGTERM');
    await stopStack({ home });
    await database?.remove();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    keepFolder();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void close().finally(() => process.exit(130)));
  }
  try {
    const stack = await ensureStack({ home, onProgress: progressBar(process.stderr) });
    database = await startPostgres({ folder: join(folder, 'database'), onProgress: progressBar(process.stderr) });
    writeReleaseFolder(folder);
    worker = await startWorker(folder, { ...environment, CREDLINK_DATABASE_URL: database.url });
    const shiplock = await connectShiplock({ home });
    return {
      folder,
      stack,
      shiplock,
      releaseFile: join(folder, 'release.yaml'),
      firstFile: join(folder, 'first.yaml'),
      thresholdFile: join(folder, 'threshold.yaml'),
      policyFile: join(folder, 'policy.yaml'),
      environment,
      endWorker: async () => {
        const ended = worker && once(worker, 'exit');
        worker?.kill('SIGKILL');
        await ended;
      },
      setFaults: (version, faults) => setFaults(join(folder, 'faults', `${version}.json`), faults),
      resetFlags: async () => {
        const code = await run(['local', 'flags', 'set', join(root, 'infra/flags/credlink.json')], environment);
        if (code !== 0) throw new Error(`the flags could not be set: exit code ${code}`);
      },
      serviceAddress: async () => (await ensureStack({ home })).services[0]?.address ?? '',
      run: (args) => run(args, environment),
      close: async (options) => {
        await shiplock.close();
        await close(options);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The release file and its manifests are written to by releases, so they are copied; what they run is not. */
function writeReleaseFolder(folder: string): void {
  mkdirSync(join(folder, 'faults'));
  for (const name of ['helm', 'kubernetes'])
    cpSync(join(import.meta.dirname, name), join(folder, name), { recursive: true });
  for (const name of ['release.yaml', 'policy.yaml']) {
    const text = readFileSync(join(import.meta.dirname, name), 'utf8');
    const here = text
      .replaceAll('../sample-service', SAMPLE_SERVICE)
      .replaceAll('../database', join(root, 'infra/database'))
      .replaceAll('faults/none', join(folder, 'faults'));
    writeFileSync(join(folder, name), here);
  }
  const threshold = parseDocument(readFileSync(join(folder, 'release.yaml'), 'utf8'));
  threshold.deleteIn(['canary', 'comparison']);
  writeFileSync(join(folder, 'threshold.yaml'), threshold.toString());
  const first = parseDocument(readFileSync(join(folder, 'release.yaml'), 'utf8'));
  for (const section of ['database', 'cutover', 'flags', 'validation']) first.delete(section);
  writeFileSync(join(folder, 'first.yaml'), first.toString());
}

function setFaults(file: string, faults: object | null): void {
  if (faults === null) rmSync(file, { force: true });
  else writeFileSync(file, JSON.stringify(faults));
}

export async function startWorker(folder: string, env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const log = createWriteStream(join(folder, 'worker.log'));
  const child = spawn(
    process.execPath,
    [join(root, 'bin/shiplock.js'), 'worker', '--policy', join(folder, 'policy.yaml')],
    // The channel tells the worker when this process dies, however it dies.
    { env: { ...env, SHIPLOCK_PARENT: String(process.pid) }, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
  );
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (part: Buffer) => {
      log.write(part);
      said = (said + part).slice(-4_000);
      if (said.includes('"worker ready"')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`the worker ended with ${code}: ${said}`)));
  });
  return child;
}

function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, [join(root, 'bin/shiplock.js'), ...args], { env, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
