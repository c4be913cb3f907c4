import type { Command } from 'commander';
import type { CompiledPlan } from '../../client/index.ts';
import { formatProblem } from '../../plan/problem.ts';
import { EXIT } from '../exit.ts';
import { usageError } from '../failure.ts';
import { type Invocation, type OutputOptions, withOutput } from '../invocation.ts';
import type { Terminal } from '../terminal.ts';

interface Options extends OutputOptions {
  readonly release?: string;
  readonly version?: string;
  readonly environment?: string;
  readonly policy?: string;
  readonly context?: string;
  readonly as?: string;
}

export function configure(command: Command, invocation: Invocation): void {
  withOutput(command)
    .option('--release <file>', 'a release file on kubernetes or argo: look at its cluster instead')
    .option('--version <version>', 'what would be released (default: CI_COMMIT_SHA, else latest)')
    .option('--environment <name>', 'where to (default: ENVIRONMENT, else the release file’s)')
    .option('--policy <file>', 'a worker’s policy, which knows the way into its clusters (default: SHIPLOCK_POLICY)')
    .option('--context <name>', 'a context of the kubeconfig (default: the policy’s, else the current one)')
    .option('--as <user>', 'whose rights are looked at, such as system:serviceaccount:shiplock:shiplock-release')
    .action((options: Options) =>
      options.release === undefined
        ? examineMachine(invocation, options)
        : examineCluster(invocation, options, options.release),
    );
}

async function examineMachine({ terminal, finish }: Invocation, options: Options): Promise<void> {
  const given = (['version', 'environment', 'policy', 'context', 'as'] as const).find((name) => options[name]);
  if (given) throw usageError(`--${given} says something of a release, and there is none`, 'add --release FILE');
  const { examine, isReady, renderFindings } = await import('../../../infra/local/servers/index.ts');
  const findings = await examine();
  const ok = isReady(findings);
  terminal.out(options.output === 'json' ? JSON.stringify({ ok, findings }) : renderFindings(findings));
  if (!ok) finish(EXIT.error);
}

async function examineCluster({ terminal, finish }: Invocation, options: Options, file: string): Promise<void> {
  const { plan } = await compile(terminal, options, file);
  const { examineRelease } = await import('../../../workers/doctor.ts');
  const policy = options.policy ?? (terminal.env.SHIPLOCK_POLICY || undefined);
  const looks = await examineRelease({ plan, policy, context: options.context, as: options.as });
  const { allThere, renderLooks } = await import('../looks.ts');
  const ok = allThere(looks);
  terminal.out(options.output === 'json' ? JSON.stringify({ ok, looks }) : renderLooks(looks));
  if (!ok) finish(EXIT.error);
}

async function compile(terminal: Terminal, options: Options, file: string): Promise<CompiledPlan> {
  const { env } = terminal;
  const { compilePlan, planProblems } = await import('../../client/index.ts');
  try {
    return await compilePlan({
      file,
      version: options.version ?? (env.CI_COMMIT_SHA || 'latest'),
      environment: options.environment ?? (env.ENVIRONMENT || undefined),
    });
  } catch (error) {
    for (const problem of planProblems(error)) terminal.err(formatProblem(problem));
    throw error;
  }
}
