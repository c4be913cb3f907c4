import type { Command } from 'commander';
import { type Invocation, RELEASE_ARGUMENT, withConnection } from '../invocation.ts';
import { type SteerOptions, steer } from '../steer.ts';

/** Going back is the safe side: without `--step`, whatever waits for approval now is rejected. */
export function configure(command: Command, invocation: Invocation): void {
  withConnection(command)
    .argument('<release>', RELEASE_ARGUMENT)
    .option('--step <token>', 'what is rejected (default: what waits for approval now)')
    .option('--comment <text>', 'for the record')
    .action((release: string, options: SteerOptions & { comment?: string }) =>
      steer(invocation, release, options, {
        signal: 'reject',
        payload: { comment: options.comment },
        names: { field: 'step', free: true },
      }),
    );
}
