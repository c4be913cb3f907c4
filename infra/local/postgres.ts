import { randomBytes } from 'node:crypto';
import { chown, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { ShiplockError } from '../../src/errors.ts';
import { type PostgresProcess, startProcess } from './postgres/process.ts';
import { otherUser, placeFor, programsFor, runAs, type User } from './postgres/user.ts';
import { type FetchOptions, serverPath } from './servers/index.ts';
import { lastWords } from './stack/launch.ts';
import { choosePort, LOOPBACK } from './stack/ports.ts';
import { identify } from './stack/processes.ts';

export interface PostgresOptions extends FetchOptions {
  /** Made if it is missing. The same folder is the same database again: data, password and, if it is free, port. */
  readonly folder: string;
}

export interface Postgres {
  /** `postgres://…`, of a superuser and with the password, so secret. */
  readonly url: string;
  readonly pid: number;
  /** Ends the server (a fast shutdown); its data stay. */
  stop(): Promise<void>;
  /** Ends the server and removes its data. */
  remove(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
const NAME = 'shiplock';

/**
 * A real PostgreSQL on loopback, for the demo and for tests. It ends with the process that started it, also when that
 * is killed. Started by root it runs as `postgres` or `nobody`, since PostgreSQL refuses to run as root.
 *
 * @throws SHIPLOCK_LOCAL_DATABASE where it does not start; as `serverPath` where it cannot be had
 * @example
 * const database = await startPostgres({ folder: '/tmp/some-folder' });
 * process.env.CREDLINK_DATABASE_URL = database.url;
 */
export async function startPostgres({ folder: named, ...options }: PostgresOptions): Promise<Postgres> {
  const folder = resolve(named);
  const { path } = await serverPath('postgres', { fetch: true, ...options });
  const user = await otherUser();
  const place = await placeFor(folder, user);
  const bin = await programsFor(dirname(await realpath(path)), place, user);
  const password = await initialise(bin, place, user);
  await predecessorGone(place);
  const port = await choosePort(await notedPort(place));
  await writeFile(join(place, 'port'), `${port}`);
  const url = `postgres://${NAME}:${password}@${LOOPBACK}:${port}/postgres`;
  const server = await startProcess({ bin, place, port, user }).catch((error: unknown) => {
    throw failed(place, (error as Error).message);
  });
  try {
    await ready(url, server, place);
  } catch (error) {
    await server.stop();
    throw error;
  }
  const remove = async () => {
    await server.stop();
    await rm(place, { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
  };
  return { url, pid: server.pid, stop: server.stop, remove };
}

/** @returns the password, made with the data */
async function initialise(bin: string, place: string, user: User | null): Promise<string> {
  const secret = join(place, 'password');
  const known = await readFile(secret, 'utf8').catch(() => null);
  if (known !== null) return known;
  const password = randomBytes(18).toString('hex');
  const draft = `${secret}.new`;
  await writeFile(draft, password, { mode: 0o600 });
  if (user) await chown(draft, user.uid, user.gid);
  const data = join(place, 'data');
  await rm(data, { recursive: true, force: true });
  const encoding = ['-E', 'UTF8', '--locale', 'C', '--no-sync'];
  const args = ['-D', data, '-U', NAME, '--pwfile', draft, '-A', 'scram-sha-256', ...encoding];
  const { code, errors } = await runAs(user, join(bin, 'initdb'), args);
  if (code !== 0) throw failed(place, `initdb: ${errors.trim().split('\n').at(-1) || `exit code ${code}`}`);
  // Last: where no password is kept, what data there are may be half made.
  await rename(draft, secret);
  return password;
}

async function notedPort(place: string): Promise<number | null> {
  const port = Number(await readFile(join(place, 'port'), 'utf8').catch(() => ''));
  return port > 0 ? port : null;
}

/** One whose owner was killed a moment ago still ends; two servers of one folder cannot be. */
async function predecessorGone(place: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const noted = await readFile(join(place, 'data', 'postmaster.pid'), 'utf8').catch(() => '');
    const pid = Number.parseInt(noted, 10);
    if (!(pid > 0) || identify(pid) === null || Date.now() > deadline) return;
    await delay(50);
  }
}

async function ready(url: string, { ended }: PostgresProcess, place: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const because = await answer(url);
    if (because === null) return;
    const how = await Promise.race([ended, delay(50, null)]);
    if (how !== null) throw failed(place, `${how}: ${lastWords(join(place, 'log'))}`);
    if (Date.now() > deadline) throw failed(place, `not ready after ${READY_WITHIN_MS / 1000} s: ${because}`);
  }
}

/** `null`: it answers; else why not. */
async function answer(url: string): Promise<string | null> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function failed(place: string, because: string): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_LOCAL_DATABASE',
    message: `PostgreSQL does not start in ${place}: ${because}`,
    mend: `read ${join(place, 'log')}, or let SHIPLOCK_POSTGRES name another`,
  });
}
