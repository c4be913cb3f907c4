import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { confined } from '../confinement.ts';
import type { Reading } from '../metrics/port.ts';
import { endOfCommand } from './end.ts';
import { type Execution, execute } from './execute.ts';
import type { GateDependencies } from './index.ts';
import type { JobReport, RunJobRequest } from './port.ts';

/** Between attempts, doubled each time; Kubernetes begins with 10 s, which a metric on one machine need not wait. */
const FIRST_PAUSE_MS = 1_000;
/** Below the heartbeat's time-out of a build worker's activities. */
const LONGEST_PAUSE_MS = 4_000;

type Dependencies = Pick<GateDependencies, 'hostQueue' | 'logs' | 'environment' | 'directories' | 'runAs'>;

/**
 * Runs a job's command until it exits with 0, at most `attempts` times and all of them within `timeoutMs`, in the way of
 * a gate: no shell, an environment of its own, a process group that is gone when this returns or throws.
 *
 * @throws when the activity is cancelled, where the log cannot be stored, and where the policy does not let it run there
 */
export async function runJob({ job, directory, key }: RunJobRequest, dependencies: Dependencies): Promise<Reading> {
  const { logs, runAs } = dependencies;
  const at = new Date().toISOString();
  const startedAt = performance.now();
  const left = () => Math.max(0, job.timeoutMs - (performance.now() - startedAt));
  const place = {
    command: job.command,
    directory: await confined(directory, dependencies.directories),
    environment: { ...dependencies.environment, ...job.environment },
    logs,
    runAs,
    key,
    capture: false,
  };
  const executions: Execution[] = [];
  let execution = await execute({ ...place, timeoutMs: left() });
  executions.push(execution);
  while (mayHelp(execution) && executions.length < job.attempts) {
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (executions.length - 1), LONGEST_PAUSE_MS);
    if (pause >= left()) break;
    await waited(pause);
    execution = await execute({ ...place, timeoutMs: left() });
    executions.push(execution);
  }
  const report = reportOf(job.command, executions, execution, Math.round(performance.now() - startedAt));
  const query = job.command.join(' ');
  return {
    at,
    address: dependencies.hostQueue,
    query,
    window: '',
    raw: JSON.stringify(report),
    error: null,
    beside: '',
  };
}

/** What ran out of time has used all there was; what cannot be started cannot be the next time either. */
function mayHelp(execution: Execution): boolean {
  return execution.end === 'killed' || (execution.end === 'exited' && execution.exitCode !== 0);
}

async function waited(pauseMs: number): Promise<void> {
  const context = Context.current();
  context.heartbeat({ pauseMs });
  await Promise.race([sleep(pauseMs), context.cancelled]);
}

function reportOf(
  command: readonly string[],
  executions: readonly Execution[],
  last: Execution,
  durationMs: number,
): JobReport {
  return {
    end: last.end,
    exitCode: last.end === 'exited' ? last.exitCode : null,
    because: endOfCommand(last).because,
    attempts: executions.length,
    durationMs,
    command,
    logs: executions.map(({ log: { file, sha256, bytes } }) => ({ file, sha256, bytes })),
    tail: last.log.tail,
  };
}
