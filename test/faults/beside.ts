/** What a release with every phase needs beside the stack: a database, a registry, flags, somebody who is told. */
import { cpSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import type { SupervisorClient } from '../../infra/local/index.ts';
import { startPostgres } from '../../infra/local/postgres.ts';
import { type ImagePlace, imagePlace, whatIsMissing } from '../fixtures/image-registry.ts';
import { type POLICY, SAMPLE_SERVICE } from './plan.ts';
import { DATABASE, flagOf, MESSAGES } from './whole.ts';

/** One that can be lost and brought back: the same data, the same port. */
export interface Losable {
  /** At once, without a farewell. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Webhooks that nobody is told through: one refuses connections, the other takes messages and never answers. */
export const DEAF = { refusing: 'refusing', silent: 'silent' } as const;

export interface Beside {
  readonly database: Losable;
  readonly receiver: Losable;
  /** What workers need to know of it. */
  readonly policy: Partial<typeof POLICY> & Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string>>;
  /** `localhost:PORT`; `null`: nothing here can build or keep an image. */
  readonly registry: string | null;
  readonly images: Losable | null;
  /** The folder that images are built from. */
  readonly application: string;
  /** Makes the table and the flag of a service, both as a release finds them. */
  prepare(supervisor: SupervisorClient, service: string): Promise<void>;
  /** What has become of them, and of what was told: each effect once. */
  found(supervisor: SupervisorClient, service: string): Promise<string[]>;
  /** Removes its flag: hundreds are more than the flag service keeps. */
  forget(supervisor: SupervisorClient, service: string): Promise<void>;
  /** A configuration file's text with `<digest>` for the digest that the registry itself answers. */
  named(service: string, text: string): Promise<string>;
  close(): Promise<void>;
}

const SECRET = `whsec_${Buffer.from('of the kill harness, for nobody else').toString('base64')}`;

/** @param folder everything lies in it. */
export async function openBeside(folder: string): Promise<Beside> {
  const place = { folder: join(folder, 'database') };
  let server = await startPostgres(place);
  const database = new pg.Pool({ connectionString: server.url, max: 4 });
  // Idle connections of a server that is stopped; the next question opens another.
  database.on('error', () => undefined);
  await database.query('CREATE TABLE effects (number serial, service text, effect text)');
  const missing = whatIsMissing();
  if (missing) console.error(`without the image phase: ${missing}`);
  const images = missing ? null : await openImages();
  const receiver = await openReceiver();
  const silent = createServer(() => undefined);
  const silentUrl = await listening(silent);
  const secret = { env: 'FAULTS_WEBHOOK_SECRET' };
  const recorded = async (service: string): Promise<string[]> => {
    const { rows } = await database.query('SELECT effect FROM effects WHERE service = $1 ORDER BY number', [service]);
    return rows.map(({ effect }) => effect);
  };

  return {
    database: {
      stop: async () => {
        // PostgreSQL's immediate shutdown: what it comes back with is what a crash leaves.
        process.kill(server.pid, 'SIGQUIT');
        await server.stop();
      },
      start: async () => {
        server = await startPostgres(place);
      },
    },
    receiver,
    images: images?.registry ?? null,
    policy: {
      databases: { [DATABASE]: { url: { env: 'FAULTS_DATABASE_URL' } } },
      webhooks: {
        [MESSAGES]: { url: receiver.url, secret },
        [DEAF.refusing]: { url: NOBODY, secret },
        [DEAF.silent]: { url: silentUrl, secret },
      },
      ...(images && {
        images: { repositories: [`${images.host}/faults/*`] },
        directories: [images.app],
        environment: ['PATH', 'HOME', 'CONTAINERS_STORAGE_CONF'],
      }),
    },
    environment: {
      FAULTS_DATABASE_URL: server.url,
      FAULTS_WEBHOOK_SECRET: SECRET,
      ...images?.environment,
    },
    registry: images?.host ?? null,
    application: images?.app ?? '',
    prepare: async (supervisor, service) => {
      await database.query(`CREATE TABLE "${service}" (id int, name text)`);
      const definition = { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'off' } as const;
      await supervisor.putFlags({
        key: `before ${service}`,
        definitions: { flags: { [flagOf(service)]: definition } },
      });
    },
    found: async (supervisor, service) => {
      const { rows: columns } = await database.query(
        'SELECT column_name FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position',
        [service],
      );
      const { rows: kept } = await database.query("SELECT to_regclass('shiplock.migrations') AS kept");
      const { rows: migrations } = kept[0].kept
        ? await database.query('SELECT kind, name FROM shiplock.migrations WHERE service = $1 ORDER BY name', [service])
        : { rows: [] };
      const { definition } = await supervisor.flag(service, flagOf(service));
      return [
        ...(await recorded(service)),
        `recorded: ${migrations.map(({ kind, name }) => `${kind} ${name}`).join(', ')}`,
        `columns: ${columns.map(({ column_name: name }) => name).join(', ')}`,
        `flag: ${JSON.stringify(definition.targeting ?? definition.defaultVariant)}`,
        ...receiver.told(service),
      ];
    },
    forget: async (supervisor, service) => {
      await supervisor.putFlags({ key: `after ${service}`, definitions: { flags: { [flagOf(service)]: null } } });
    },
    named: async (service, text) => {
      const digest = images && (await digestIn(images.host, service));
      return digest ? text.replaceAll(digest, '<digest>') : text;
    },
    close: async () => {
      await receiver.stop();
      await ended(silent);
      await images?.remove();
      await database.end();
      await server.remove();
    },
  };
}

/** No user's program may listen at a port this low, and no system's does at tcpmux. */
const NOBODY = 'http://127.0.0.1:1/';

async function listening(server: Server, port = 0): Promise<string> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function ended(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function openImages(): Promise<ImagePlace> {
  const place = await imagePlace();
  await place.registry.start();
  cpSync(SAMPLE_SERVICE, place.app, { recursive: true });
  return place;
}

const MANIFESTS = 'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json';

async function digestIn(host: string, service: string): Promise<string | null> {
  const url = `http://${host}/v2/faults/${service}/manifests/1.1.0`;
  const answer = await fetch(url, { method: 'HEAD', headers: { accept: MANIFESTS } });
  return answer.headers.get('docker-content-digest');
}

/** Messages come at least once and in any order: those of one id are one. */
async function openReceiver() {
  const received = new Map<string, Map<string, string>>();
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const { data } = JSON.parse(Buffer.concat(parts).toString('utf8'));
    const { service, phase, outcome, waiting } = data;
    const id = String(request.headers['webhook-id']);
    const line = `${phase}${outcome ? `: ${outcome}` : ''}${waiting ? `, waits: ${waiting.prompt}` : ''}`;
    const told = received.get(service) ?? new Map<string, string>();
    received.set(service, told.set(id, line));
    response.writeHead(204).end();
  });
  const url = await listening(server);
  const numberOf = (id: string): number => Number(id.split('/').at(-1));
  return {
    url,
    stop: () => ended(server),
    start: async () => void (await listening(server, Number(new URL(url).port))),
    told: (service: string): string[] =>
      [...(received.get(service) ?? [])]
        .sort(([one], [other]) => numberOf(one) - numberOf(other))
        .map(([, line], index) => `told ${index + 1}: ${line}`),
  };
}
