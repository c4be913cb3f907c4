import type { Command } from 'commander';
import { connected } from '../connected.ts';
import { follow, jsonOf } from '../follow.ts';
import {
  type ConnectionOptions,
  durationOption,
  type Invocation,
  RELEASE_ARGUMENT,
  releaseIdFrom,
  withConnection,
} from '../invocation.ts';
import { showSighting } from '../sighting.ts';

interface Options extends ConnectionOptions {
  readonly watch?: boolean;
  readonly timeout?: number;
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
    .action((release: string, options: Options) => {
      const id = releaseIdFrom(release, terminal.env);
      return connected(options, async (shiplock) => {
        const json = options.output === 'json';
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
