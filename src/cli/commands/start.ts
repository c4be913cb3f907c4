import { type Command, Option } from 'commander';
import type { CompiledPlan, IfBusy, Started } from '../../client/index.ts';
import { formatProblem } from '../../plan/problem.ts';
import { awaitStart } from '../await-start.ts';
import { connected } from '../connected.ts';
import type { Followed } from '../follow.ts';
import {
  autoPromoteFrom,
  type ConnectionOptions,
  durationOption,
  type Invocation,
  withConnection,
} from '../invocation.ts';
import type { Terminal } from '../terminal.ts';

interface Options extends ConnectionOptions {
  readonly file: string;
  readonly environment?: string;
  readonly autoPromote?: boolean;
  readonly ifBusy: IfBusy;
  readonly wait?: boolean;
  readonly until: 'released' | 'ended';
  readonly timeout?: number;
}

/** `shiplock start 1.1.0 --wait --timeout 45m` */
export function configure(command: Command, invocation: Invocation): void {
  withConnection(command)
    .argument('[tag]', 'the version to release (default: CI_COMMIT_SHA, else latest)')
    .option('-f, --file <file>', 'the release file', 'release.yaml')
    .option('--environment <name>', 'where to (default: ENVIRONMENT, else the release file’s, else production)')
    .option('--auto-promote', 'promote without asking (default: AUTO_PROMOTE, else as the release file says)')
    .option('--no-auto-promote', 'ask before promoting')
    .addOption(
      new Option('--if-busy <manner>', 'while another release of the service is open there')
        .choices(['fail', 'wait', 'supersede'])
        .default('fail'),
    )
    .option('--wait', 'stream what happens until it is released, or has gone back')
    .addOption(
      new Option('--until <state>', 'how long --wait waits').choices(['released', 'ended']).default('released'),
    )
    .option('--timeout <duration>', 'with --wait: leave after this time, with exit code 5', durationOption('--timeout'))
    .action((tag: string | undefined, options: Options) => startRelease(invocation, tag, options));
}

async function startRelease(
  { terminal, finish }: Invocation,
  tag: string | undefined,
  options: Options,
): Promise<void> {
  const compiled = await compile(terminal, tag, options);
  const json = options.output === 'json';
  await connected(options, async (shiplock) => {
    const started = await shiplock.startPlan(compiled, { ifBusy: options.ifBusy });
    if (!json) terminal.out(opening(started));
    if (!options.wait) {
      if (json) terminal.out(JSON.stringify(summary(started)));
      return;
    }
    const { until, timeout: timeoutMs } = options;
    const followed = await awaitStart(shiplock, terminal, started, { until, timeoutMs, show: json ? 'none' : 'text' });
    if (json) terminal.out(JSON.stringify(summary(started, followed)));
    else terminal.out(closing(started, followed));
    finish(followed.exitCode);
  });
}

/** Everything wrong with the release file is told at once, each with its place, before the error that ends the command. */
async function compile(terminal: Terminal, tag: string | undefined, options: Options): Promise<CompiledPlan> {
  const { env } = terminal;
  const { compilePlan, planProblems } = await import('../../client/index.ts');
  try {
    const compiled = await compilePlan({
      file: options.file,
      version: tag || env.CI_COMMIT_SHA || 'latest',
      environment: options.environment ?? (env.ENVIRONMENT || undefined),
      autoPromote: options.autoPromote ?? autoPromoteFrom(env),
    });
    for (const warning of compiled.warnings) terminal.err(`warning: ${formatProblem(warning)}`);
    return compiled;
  } catch (error) {
    for (const problem of planProblems(error)) terminal.err(formatProblem(problem));
    throw error;
  }
}

function opening(started: Started): string {
  const { id, plan } = started;
  const target = `${plan.environment}/${plan.service}`;
  switch (started.kind) {
    case 'started':
      return `started ${id}: ${plan.version}; follow it with \`shiplock get ${target} --watch\``;
    case 'queued':
      return `queued in ${started.lane}: ${plan.version} starts when its turn comes`;
    default:
      return started satisfies never;
  }
}

function closing({ plan }: Started, { result }: Followed): string {
  return `${plan.service} ${plan.version} in ${plan.environment}: ${WORDS[result.verdict]}${result.because ? `: ${result.because}` : ''}`;
}

const WORDS: Record<Followed['result']['verdict'], string> = {
  released: 'released',
  partlyReleased: 'released, without a phase (exit code 6)',
  rolledBack: 'rolled back',
  rejected: 'rejected',
  stillWaiting: 'still going on',
  broken: 'failed',
};

function summary(started: Started, followed?: Followed): Record<string, unknown> {
  const { plan, ...rest } = started;
  const { verdict, because, last } = followed?.result ?? {};
  return {
    ok: (followed?.exitCode ?? 0) === 0,
    ...rest,
    version: plan.version,
    ...(followed && { verdict, because, status: last?.status ?? null }),
  };
}
