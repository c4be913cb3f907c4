import type { Command } from 'commander';
import { type Invocation, RELEASE_ARGUMENT, withConnection } from '../invocation.ts';
import { type SteerOptions, steer } from '../steer.ts';

export function configure(command: Command, invocation: Invocation): void {
  withConnection(command)
    .argument('<release>', RELEASE_ARGUMENT)
    .requiredOption('--reason <text>', 'why it may stay undone; kept on record')
    .option('--act <token>', 'what is left undone, as `shiplock get` shows it')
    .option('-y, --yes', 'skip what waits now, without having seen it')
    .action((release: string, options: SteerOptions & { reason: string }) =>
      steer(invocation, release, options, {
        signal: 'skip',
        payload: { reason: options.reason },
        names: { field: 'act' },
      }),
    );
}
