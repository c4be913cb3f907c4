import type { Command } from 'commander';
import { type Invocation, RELEASE_ARGUMENT, withConnection } from '../invocation.ts';
import { type SteerOptions, steer } from '../steer.ts';

export function configure(command: Command, invocation: Invocation): void {
  withConnection(command)
    .argument('<release>', RELEASE_ARGUMENT)
    .option('--act <token>', 'what is tried again, as `shiplock get` shows it')
    .option('--reason <text>', 'for the record')
    .option('-y, --yes', 'retry what waits now, without having seen it')
    .action((release: string, options: SteerOptions & { reason?: string }) =>
      steer(invocation, release, options, {
        signal: 'retry',
        payload: { reason: options.reason },
        names: { field: 'act' },
      }),
    );
}
