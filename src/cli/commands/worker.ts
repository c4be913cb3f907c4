import { type Command, Option } from 'commander';
import type { WorkerRole } from '../../../workers/main.ts';
import { ShiplockError } from '../../errors.ts';
import type { Invocation } from '../invocation.ts';

const ROLES: readonly WorkerRole[] = ['all', 'release', 'build', 'notify'];

interface Options {
  readonly policy?: string;
  readonly role: WorkerRole;
  readonly state?: string;
  readonly archive?: string;
  readonly metrics?: string;
  readonly health?: string;
  readonly home?: string;
  readonly profile?: string;
  readonly configFile?: string;
}

export function configure(command: Command, { terminal }: Invocation): void {
  command
    .option('--policy <file>', 'what releases may do here; without one all are refused (default: SHIPLOCK_POLICY)')
    .addOption(new Option('--role <role>', 'what it does').choices(ROLES).default('all'))
    .option('--state <folder>', 'where gates’ logs and the archive are kept (default: SHIPLOCK_STATE)')
    .option('--archive <folder>', 'where ended releases are archived (default: archive in the state folder)')
    .option('--metrics <address>', 'host:port on which Prometheus reads its metrics (default: none)')
    .option('--health <address>', 'host:port on which it answers probes, /livez and /readyz (default: none)')
    .option('--home <folder>', 'the embedded stack whose platform it drives (default: SHIPLOCK_HOME)')
    .option('--profile <name>', 'profile of Temporal’s client configuration (default: TEMPORAL_PROFILE)')
    .option('--config-file <file>', 'Temporal’s client configuration (default: TEMPORAL_CONFIG_FILE)')
    .action(async (options: Options) => {
      const { runWorker } = await loadWorker();
      await runWorker({ ...options, onReady: ({ identity }) => terminal.err(`${identity} is ready; Ctrl-C ends it`) });
    });
}

/** Temporal's worker packages are an optional peer: who only starts and steers releases does without their 200 MB. */
async function loadWorker(): Promise<typeof import('../../../workers/main.ts')> {
  try {
    return await import('../../../workers/main.ts');
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw new ShiplockError({
      code: 'SHIPLOCK_WORKER_NOT_INSTALLED',
      message: `a worker needs Temporal’s worker packages, which are not installed: ${firstLine(cause)}`,
      mend: 'npm install @temporalio/worker @temporalio/workflow @temporalio/activity, in the version of @temporalio/client',
      cause,
    });
  }
}

function isMissing(error: unknown): error is Error {
  const code = (error as { code?: string }).code;
  const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  return missing && /@temporalio\/(worker|workflow|activity|core-bridge)/.test(String(error));
}

function firstLine({ message }: Error): string {
  return message.split('\n', 1)[0] ?? '';
}
