import type { Command } from 'commander';
import type { Execution, ListOptions } from '../../client/index.ts';
import { connected } from '../connected.ts';
import { usageError } from '../failure.ts';
import { type ConnectionOptions, type Invocation, withConnection } from '../invocation.ts';
import { at } from '../release/header.ts';
import { table } from '../table.ts';

interface Options extends ConnectionOptions {
  readonly service?: string;
  readonly environment?: string;
  readonly open?: boolean;
  readonly ended?: boolean;
  readonly limit: number;
}

export function configure(command: Command, { terminal }: Invocation): void {
  withConnection(command)
    .option('--service <name>', 'only of this service')
    .option('--environment <name>', 'only into this environment')
    .option('--open', 'only those that go on')
    .option('--ended', 'only those that have ended')
    .option('--limit <number>', 'at most this many, newest first', limitFrom, 50)
    .action((options: Options) => {
      const filter = filterFrom(options);
      return connected(options, async (shiplock) => {
        const releases = await shiplock.list(filter);
        const rows = releases.map(rowOf);
        const text = rows.length === 0 ? 'no releases' : table(HEAD, rows, terminal);
        terminal.out(options.output === 'json' ? JSON.stringify({ ok: true, releases }) : text);
      });
    });
}

const HEAD = ['RELEASE', 'VERSION', 'STATE', 'PHASE', 'WAITING FOR', 'STARTED', 'BY'];

function rowOf(release: Execution): string[] {
  const name = release.environment && release.service ? `${release.environment}/${release.service}` : release.id;
  const state = release.outcome ?? release.state;
  return [
    name,
    release.version ?? '',
    state,
    release.phase ?? '',
    release.waitingFor ?? '',
    at(release.startedAt),
    release.startedBy ?? '',
  ];
}

function filterFrom({ service, environment, open, ended, limit }: Options): ListOptions {
  if (open && ended) throw usageError('--open and --ended exclude each other', 'leave one out, or both for all');
  return { service, environment, limit, open: open ? true : ended ? false : undefined };
}

function limitFrom(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1_000) return limit;
  throw usageError(`--limit is "${text}"`, 'a whole number from 1 to 1000');
}
