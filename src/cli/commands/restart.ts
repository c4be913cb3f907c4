import type { Command } from 'commander';
import { restartId } from '../../../workflows/restart-messages.ts';
import type { RestartSighting, Shiplock } from '../../client/index.ts';
import { planProblems } from '../../client/plan.ts';
import { ShiplockError } from '../../errors.ts';
import type { Plan } from '../../plan/plan.ts';
import { formatProblem } from '../../plan/problem.ts';
import { connected } from '../connected.ts';
import { EXIT } from '../exit.ts';
import { usageError } from '../failure.ts';
import { untilInterrupted } from '../follow.ts';
import { type ConnectionOptions, durationOption, type Invocation, withConnection } from '../invocation.ts';
import { clean } from '../paint.ts';
import type { Terminal } from '../terminal.ts';

interface Options extends ConnectionOptions {
  readonly file: string;
  readonly environment?: string;
  readonly reason?: string;
  readonly deadline?: number;
  readonly wait?: boolean;
  readonly timeout?: number;
  readonly show?: boolean;
  readonly cancel?: boolean;
}

/** `shiplock restart -f release.yaml --reason 'a leak' --wait` */
export function configure(command: Command, invocation: Invocation): void {
  withConnection(command)
    .option('-f, --file <file>', 'the release file', 'release.yaml')
    .option('--environment <name>', 'where (default: ENVIRONMENT, else the release file’s, else production)')
    .option('--reason <text>', 'why; it is recorded')
    .option(
      '--deadline <duration>',
      'after this time it ends, whatever is left (default: 30m, at most 24h)',
      durationOption('--deadline'),
    )
    .option('--wait', 'say what happens until it has ended')
    .option('--timeout <duration>', 'with --wait: leave after this time, with exit code 5', durationOption('--timeout'))
    .option('--show', 'start nothing: show the one that is going on, or was the last')
    .option('--cancel', 'start nothing: end the one that is going on')
    .action((options: Options) => {
      if (options.show && options.cancel) throw usageError('--show and --cancel exclude each other', 'leave one out');
      return restart(invocation, options);
    });
}

/** A wrong file is told before Temporal is asked for. */
async function restart(invocation: Invocation, options: Options): Promise<void> {
  const plan = await compile(invocation.terminal, options);
  await connected(options, (shiplock) => restartOf(shiplock, plan, invocation, options));
}

async function compile(terminal: Terminal, { file, environment }: Options): Promise<Plan> {
  const { compileForRestart } = await import('../../client/restart.ts');
  try {
    return await compileForRestart({ file, environment: environment ?? (terminal.env.ENVIRONMENT || undefined) });
  } catch (error) {
    for (const problem of planProblems(error)) terminal.err(formatProblem(problem));
    throw error;
  }
}

async function restartOf(shiplock: Shiplock, plan: Plan, invocation: Invocation, options: Options): Promise<void> {
  const { terminal } = invocation;
  const json = options.output === 'json';
  const { file, reason, deadline: deadlineMs } = options;
  if (options.show || options.cancel) {
    const id = restartId(plan);
    if (options.cancel) await shiplock.cancelRestart(id);
    if (options.wait) return follow(shiplock, invocation, id, options);
    const seen = await shiplock.getRestart(id);
    return terminal.out(json ? JSON.stringify({ ok: true, ...seen }) : lineOf(seen));
  }
  const started = await shiplock.restartPlan(plan, { reason, deadlineMs });
  if (options.wait) {
    if (!json) terminal.out(`started ${started.id}`);
    return follow(shiplock, invocation, started.id, options);
  }
  const text = `started ${started.id}; \`shiplock restart -f ${file} --show\` says how it stands`;
  terminal.out(json ? JSON.stringify({ ok: true, kind: 'started', ...started }) : text);
}

async function follow(
  shiplock: Shiplock,
  { terminal, finish }: Invocation,
  id: string,
  { output, timeout: timeoutMs, cancel }: Options,
): Promise<void> {
  const json = output === 'json';
  const onSighting = json ? () => undefined : changesOn(terminal);
  const { interrupted, result } = await untilInterrupted((signal) =>
    shiplock.waitForRestart(id, { signal, timeoutMs, onSighting }),
  );
  if (!result) {
    terminal.err(`the wait is over: ${id} goes on`);
    return finish(interrupted ? EXIT.interrupted : EXIT.stillWaiting);
  }
  const outcome = result.status?.outcome;
  const ok = outcome === 'restarted' || (cancel === true && outcome === 'cancelled');
  if (json) terminal.out(JSON.stringify({ ok, ...result }));
  if (ok) return;
  if (json) return finish(EXIT.error);
  throw new ShiplockError({
    code: 'SHIPLOCK_RESTART_UNFINISHED',
    message: `${id} has ended as ${outcome ?? result.execution.state}: ${result.because}`,
    mend: 'mend what it waited for, and start it again: pods that are new already go, too',
  });
}

/** One line for each thing that is new. */
function changesOn(terminal: Terminal): (seen: RestartSighting) => void {
  let last = '';
  return (seen) => {
    const line = lineOf(seen);
    if (line !== last) terminal.out(line);
    last = line;
  };
}

function lineOf({ execution, status, because }: RestartSighting): string {
  if (!status) return clean(`${execution.id}: ${execution.state}; ${because}`);
  const { outcome, waitsFor, service, environment } = status;
  const state = outcome ?? (waitsFor === 'disruptionBudget' ? 'waits for a PodDisruptionBudget' : 'going on');
  return clean(`restart of ${service} in ${environment}: ${state}${because && `; ${because}`}`);
}
