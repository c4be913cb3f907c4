import { installCommand } from './platform.ts';

/** A server the embedded stack or a test runs. */
export type ServerName =
  | 'temporal'
  | 'envoy'
  | 'prometheus'
  | 'promtool'
  | 'postgres'
  | 'temporal-test-server'
  | 'traefik'
  | 'chromium';

/** What is fetched together: one archive may hold two servers. */
export type PackageName = 'temporal' | 'envoy' | 'prometheus' | 'postgres' | 'temporal-test-server' | 'traefik';

export interface Server {
  readonly name: ServerName;
  readonly purpose: string;
  /** The environment variable that names its executable. */
  readonly variable: string;
  /** Its names on PATH, in this order. */
  readonly commands: readonly string[];
  /** Where systems put it besides, out of `PATH`; a `*` stands for any folder. */
  readonly folders?: readonly string[];
  /** Its version in the output of `--version`; null where it has no such option. */
  readonly version: RegExp | null;
  /** What it is asked its version with instead of `--version`. */
  readonly asked?: string;
  /** The oldest version taken from PATH: the one this project is tested with. Null: any. */
  readonly minimum: string | null;
  /** The package that brings it; null: only found, never fetched. */
  readonly from: PackageName | null;
  /** The command that installs what is missing. */
  readonly mend: string;
}

const servers: Readonly<Record<ServerName, Server>> = {
  temporal: {
    name: 'temporal',
    purpose: 'runs the workflows, with its Web UI',
    variable: 'SHIPLOCK_TEMPORAL',
    commands: ['temporal'],
    version: /version v?(\d+\.\d+\.\d+)/,
    // Server 1.32 and UI 2.54: the first known to show signals' descriptions and the current details.
    minimum: '1.9.1',
    from: 'temporal',
    mend: 'shiplock local up',
  },
  envoy: {
    name: 'envoy',
    purpose: 'splits the traffic',
    variable: 'SHIPLOCK_ENVOY',
    commands: ['envoy'],
    version: /\/(\d+\.\d+\.\d+)\//,
    minimum: '1.40.0',
    from: 'envoy',
    mend: 'shiplock local up',
  },
  prometheus: {
    name: 'prometheus',
    purpose: 'measures the traffic',
    variable: 'SHIPLOCK_PROMETHEUS',
    commands: ['prometheus'],
    version: /version v?(\d+\.\d+\.\d+)/,
    minimum: '2.42.0',
    from: 'prometheus',
    mend: 'shiplock local up',
  },
  promtool: {
    name: 'promtool',
    purpose: 'tests alert rules',
    variable: 'SHIPLOCK_PROMTOOL',
    commands: ['promtool'],
    version: /version v?(\d+\.\d+\.\d+)/,
    minimum: '2.42.0',
    from: 'prometheus',
    mend: 'shiplock local up',
  },
  postgres: {
    name: 'postgres',
    purpose: 'is the database of the demo and of tests',
    variable: 'SHIPLOCK_POSTGRES',
    commands: ['postgres'],
    // Debian and Ubuntu keep each major version's programs out of PATH.
    folders: ['/usr/lib/postgresql/*/bin'],
    version: /\(PostgreSQL\) (\d+(?:\.\d+)*)/,
    minimum: '15',
    from: 'postgres',
    mend: installCommand('postgresql', 'postgresql@18'),
  },
  'temporal-test-server': {
    name: 'temporal-test-server',
    purpose: 'skips time in workflow tests',
    variable: 'SHIPLOCK_TEST_SERVER',
    commands: ['temporal-test-server'],
    version: null,
    minimum: null,
    from: 'temporal-test-server',
    mend: 'npm test',
  },
  traefik: {
    name: 'traefik',
    purpose: 'routes by the Gateway API in tests',
    variable: 'SHIPLOCK_TRAEFIK',
    commands: ['traefik'],
    version: /Version:\s+v?(\d+\.\d+\.\d+)/,
    asked: 'version',
    minimum: '3.7.15',
    from: 'traefik',
    mend: 'npm run test:cluster',
  },
  chromium: {
    name: 'chromium',
    purpose: 'drives the Web UI in tests',
    variable: 'SHIPLOCK_CHROMIUM',
    commands: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    version: /(\d+\.\d+\.\d+)/,
    minimum: null,
    from: null,
    mend: installCommand('chromium', '--cask chromium'),
  },
};

/** What is known of a server. */
export function serverNamed(name: ServerName): Server {
  return servers[name];
}
