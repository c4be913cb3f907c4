import type { Command } from 'commander';
import { type Invocation, RELEASE_ARGUMENT, withConnection } from '../invocation.ts';
import { type SteerOptions, steer } from '../steer.ts';

export function configure(command: Command, invocation: Invocation): void {
  withConnection(command)
    .argument('<release>', RELEASE_ARGUMENT)
    .option('--step <token>', 'the pause that ends, as `shiplock get` shows it')
    .option('--comment <text>', 'for the record')
    .option('-y, --yes', 'answer what waits now, without having seen it')
    .action((release: string, options: SteerOptions & { comment?: string }) =>
      steer(invocation, release, options, {
        signal: 'resume',
        payload: { comment: options.comment },
        names: { field: 'step' },
      }),
    );
}
