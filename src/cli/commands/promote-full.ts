import type { Command } from 'commander';
import { type Invocation, RELEASE_ARGUMENT, withConnection } from '../invocation.ts';
import { type SteerOptions, steer } from '../steer.ts';

/** Bound by the version: it cannot reach a release of another one. */
export function configure(command: Command, invocation: Invocation): void {
  withConnection(command)
    .argument('<release>', RELEASE_ARGUMENT)
    .requiredOption('--version <version>', 'the version whose ramp is skipped')
    .requiredOption('--reason <text>', 'why; skipped analyses are recorded as waived')
    .action((release: string, options: SteerOptions & { version: string; reason: string }) =>
      steer(invocation, release, options, {
        signal: 'promoteFull',
        payload: { version: options.version, reason: options.reason },
      }),
    );
}
