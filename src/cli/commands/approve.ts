import type { Command } from 'commander';
import { type Invocation, RELEASE_ARGUMENT, withConnection } from '../invocation.ts';
import { type SteerOptions, steer } from '../steer.ts';

/** `shiplock approve production/api --step promotion@1a2b3c4d` */
export function configure(command: Command, invocation: Invocation): void {
  withConnection(command)
    .argument('<release>', RELEASE_ARGUMENT)
    .option('--step <token>', 'what is approved, as `shiplock get` shows it: promotion@1a2b3c4d')
    .option('--comment <text>', 'for the record')
    .option('-y, --yes', 'approve what waits now, without having seen it')
    .action((release: string, options: SteerOptions & { comment?: string }) =>
      steer(invocation, release, options, {
        signal: 'approve',
        payload: { comment: options.comment },
        names: { field: 'step' },
      }),
    );
}
