import type { Command } from 'commander';
import { type Invocation, RELEASE_ARGUMENT, withConnection } from '../invocation.ts';
import { type SteerOptions, steer } from '../steer.ts';

export function configure(command: Command, invocation: Invocation): void {
  withConnection(command)
    .argument('<release>', RELEASE_ARGUMENT)
    .option('--reason <text>', 'for the record')
    .action((release: string, options: SteerOptions & { reason?: string }) =>
      steer(invocation, release, options, { signal: 'pause', payload: { reason: options.reason } }),
    );
}
