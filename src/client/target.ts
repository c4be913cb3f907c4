import { existsSync } from 'node:fs';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { ShiplockError } from '../errors.ts';
import { localTemporal } from './local.ts';

export type ConnectionSource = 'configuration' | 'local stack' | 'default';

export interface TargetOptions {
  /** A profile of Temporal's configuration file; default `TEMPORAL_PROFILE`, else `default`. */
  readonly profile?: string;
  /** Default `TEMPORAL_CONFIG_FILE`, else Temporal's own place, `~/.config/temporalio/temporal.toml`. */
  readonly configFile?: string;
  /** The embedded stack's home, asked where nothing is configured; default `SHIPLOCK_HOME`. */
  readonly home?: string;
}

export interface Target {
  readonly source: ConnectionSource;
  readonly address: string;
  readonly namespace: string;
  /** TLS, API key and metadata, as `@temporalio/envconfig` read them. */
  readonly connection: ReturnType<typeof loadClientConnectConfig>['connectionOptions'];
}

const DEFAULT_ADDRESS = '127.0.0.1:7233';

/**
 * Where Temporal is: what `@temporalio/envconfig` finds (environment, then profile), else the embedded stack that runs
 * on this machine, else Temporal's default port.
 */
export async function findTarget(options: TargetOptions = {}): Promise<Target> {
  const { connectionOptions, namespace = 'default' } = loadConfiguration(options);
  const found = await findAddress(connectionOptions.address, options);
  return { ...found, namespace, connection: connectionOptions };
}

async function findAddress(
  configured: string | undefined,
  options: TargetOptions,
): Promise<{ source: ConnectionSource; address: string }> {
  if (configured) return { source: 'configuration', address: configured };
  const local = await localTemporal(options.home);
  if (local) return { source: 'local stack', address: local };
  return { source: 'default', address: DEFAULT_ADDRESS };
}

function loadConfiguration({ profile, configFile }: TargetOptions): ReturnType<typeof loadClientConnectConfig> {
  // envconfig takes a missing file for an empty one, also where a person named it.
  if (configFile && !existsSync(configFile)) {
    throw new ShiplockError({
      code: 'SHIPLOCK_CONFIG_INVALID',
      message: `the configuration file ${configFile} does not exist`,
      mend: 'name an existing file with --config-file, or leave it out',
    });
  }
  try {
    return loadClientConnectConfig({ profile, ...(configFile && { configSource: { path: configFile } }) });
  } catch (cause) {
    throw new ShiplockError({
      code: 'SHIPLOCK_CONFIG_INVALID',
      message: `Temporal's client configuration cannot be used: ${cause instanceof Error ? cause.message : cause}`,
      mend: 'correct the profile, the TEMPORAL_* variables, or the file they name',
      cause,
    });
  }
}
