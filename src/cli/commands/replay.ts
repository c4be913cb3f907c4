import { type Command, Option } from 'commander';
import { renderReplay, replayArchive } from '../../audit/index.ts';
import { EXIT } from '../exit.ts';
import { type Invocation, type OutputOptions, withOutput } from '../invocation.ts';
import { clean } from '../paint.ts';

interface Options extends OutputOptions {
  readonly bundle: 'archived' | 'current';
}

export function configure(command: Command, { terminal, finish }: Invocation): void {
  withOutput(command)
    .argument('<path>', 'an archive folder, one run in it, or a history file')
    .addOption(
      new Option('--bundle <which>', 'workflow code: the one that made the history, or this version’s')
        .choices(['archived', 'current'])
        .default('archived'),
    )
    .action(async (path: string, { output, bundle }: Options) => {
      const report = await replayArchive(path, { bundle, currentBundle });
      if (output === 'json') terminal.out(JSON.stringify(report));
      else for (const line of renderReplay(report).split('\n')) terminal.out(clean(line));
      if (!report.ok) finish(EXIT.error);
    });
}

/** Bundling needs the worker package, which a machine that only starts releases does not have. */
async function currentBundle() {
  const { loadWorkflowBundle } = await import('../../../workers/bundle.ts');
  return loadWorkflowBundle();
}
