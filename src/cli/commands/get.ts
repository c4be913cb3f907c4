import type { Command } from 'commander';
import type { Shiplock } from '../../client/index.ts';
import { ShiplockError } from '../../errors.ts';
import { releaseNotes } from '../../validation/notes.ts';
import { connected } from '../connected.ts';
import { usageError } from '../failure.ts';
import { follow, jsonOf } from '../follow.ts';
import {
  type ConnectionOptions,
  durationOption,
  type Invocation,
  RELEASE_ARGUMENT,
  releaseIdFrom,
  withConnection,
} from '../invocation.ts';
import { clean } from '../paint.ts';
import { showSighting } from '../sighting.ts';

interface Options extends ConnectionOptions {
  readonly watch?: boolean;
  readonly timeout?: number;
  readonly notes?: boolean;
}

export function configure(command: Command, { terminal, finish }: Invocation): void {
  withConnection(command)
    .argument('<release>', RELEASE_ARGUMENT)
    .option('-w, --watch', 'follow it to its end; the exit code is its outcome')
    .option(
      '--timeout <duration>',
      'with --watch: leave after this time, with exit code 5',
      durationOption('--timeout'),
    )
    .option('--notes', 'its release notes so far, in Markdown')
    .action((release: string, options: Options) => {
      const id = releaseIdFrom(release, terminal.env);
      if (options.notes && options.watch) {
        throw usageError('--notes and --watch exclude each other', 'leave one out');
      }
      return connected(options, async (shiplock) => {
        const json = options.output === 'json';
        if (options.notes) {
          const notes = await notesOf(shiplock, id);
          return terminal.out(json ? JSON.stringify({ ok: true, notes }) : notes.trimEnd());
        }
        if (options.watch) {
          const show = json ? 'lines' : 'text';
          const { exitCode } = await follow(shiplock, terminal, id, {
            until: 'ended',
            timeoutMs: options.timeout,
            show,
          });
          return finish(exitCode);
        }
        const sighting = await shiplock.get(id);
        if (json) terminal.out(jsonOf(sighting));
        else showSighting(terminal, sighting);
      });
    });
}

async function notesOf(shiplock: Shiplock, id: string): Promise<string> {
  const [{ status, because }, plan] = await Promise.all([shiplock.get(id), shiplock.plan(id)]);
  if (status) return releaseNotes(plan, status).split('\n').map(clean).join('\n');
  throw new ShiplockError({
    code: 'SHIPLOCK_WORKER_SILENT',
    message: `the release notes of ${id} cannot be written: ${because}`,
    mend: 'start a worker with `shiplock worker`',
  });
}
