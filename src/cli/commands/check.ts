import type { Command } from 'commander';
import { EXIT } from '../exit.ts';
import { autoPromoteFrom, type Invocation, type OutputOptions, withOutput } from '../invocation.ts';

interface Options extends OutputOptions {
  readonly version?: string;
  readonly environment?: string;
  readonly autoPromote?: boolean;
}

export function configure(command: Command, { terminal, finish }: Invocation): void {
  withOutput(command)
    .argument('<file...>', 'release files, or Argo manifests alone')
    .option('--version <version>', 'what would be released (default: CI_COMMIT_SHA, else latest)')
    .option('--environment <name>', 'where to (default: ENVIRONMENT, else as the release file says)')
    .option('--auto-promote', 'as if promoted without asking (default: AUTO_PROMOTE)')
    .option('--no-auto-promote', 'as if a person were asked')
    .action(async (files: string[], { output, version, environment, autoPromote }: Options) => {
      const { checkCommand } = await import('../check.ts');
      const ok = checkCommand(files, {
        output,
        version,
        environment,
        autoPromote: autoPromote ?? autoPromoteFrom(terminal.env),
        color: terminal.color,
        width: terminal.width,
        write: (text) => terminal.out(text.replace(/\n$/, '')),
      });
      if (ok !== 0) finish(EXIT.error);
    });
}
