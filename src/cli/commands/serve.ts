import { once } from 'node:events';
import type { Command } from 'commander';
import { usageError } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import type { Terminal } from '../terminal.ts';

interface Options {
  readonly config: string;
  readonly host: string;
  readonly port: number;
  readonly profile?: string;
  readonly configFile?: string;
}

/** `shiplock serve --config serve.yaml` */
export function configure(command: Command, { terminal }: Invocation): void {
  command
    .requiredOption('--config <file>', 'which repositories start which releases')
    .option('--host <address>', 'where to listen; put a proxy that speaks TLS before it', '127.0.0.1')
    .option('--port <number>', 'where to listen; 0 for a free one', portOption, 8470)
    .option('--profile <name>', 'profile of Temporal’s client configuration (default: TEMPORAL_PROFILE)')
    .option('--config-file <file>', 'Temporal’s client configuration (default: TEMPORAL_CONFIG_FILE)')
    .action((options: Options) => run(terminal, options));
}

/** Serves until it is told to end. */
async function run(terminal: Terminal, { config, host, port, profile, configFile }: Options): Promise<void> {
  const { githubReceiver, readTriggers, serve, starter } = await import('../../triggers/index.ts');
  const triggers = readTriggers(config, terminal.env);
  const { connectShiplock } = await import('../../client/index.ts');
  const shiplock = await connectShiplock({ profile, configFile, queryDeadlineMs: QUERY_MS });
  try {
    const github = githubReceiver(triggers, starter(shiplock));
    const serving = await serve({ host, port, github, log: (line) => terminal.err(logLine(line)) });
    terminal.out(`serving ${triggers.length} triggers on ${urlOf(serving)}/github; Ctrl-C ends it`);
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    await serving.close();
  } finally {
    await shiplock.close();
  }
}

/** A worker that does not answer must not hold a sender, who hangs up after ten seconds. */
const QUERY_MS = 1_500;

function logLine(line: Readonly<Record<string, unknown>>): string {
  const level = Number(line.status) >= 500 ? 'ERROR' : Number(line.status) >= 400 ? 'WARN' : 'INFO';
  return JSON.stringify({ at: new Date().toISOString(), level, message: 'request', ...line });
}

function urlOf({ host, port }: { host: string; port: number }): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function portOption(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw usageError(`--port is "${text}"`, 'give a number from 0 to 65535');
}
