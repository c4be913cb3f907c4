import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { confined } from '../confinement.ts';
import { sentence } from '../failure.ts';
import { elsewhereOnShutdown } from '../shutdown.ts';
import { judgeAudit } from './audit.ts';
import { type Judgement, judgeCoverage } from './coverage.ts';
import { endOfCommand } from './end.ts';
import { type Execution, execute } from './execute.ts';
import { runJob } from './job.ts';
import type { GateActivities, GateReport, RunGateRequest } from './port.ts';
import { runWeb } from './web.ts';

export interface GateDependencies {
  /** The queue of this host, where the working copy is: `shiplock-build-<host>`. */
  readonly hostQueue: string;
  /** Where logs are stored, an absolute folder. */
  readonly logs: string;
  /** Everything a command sees; never with Temporal's credentials. */
  readonly environment: Readonly<Record<string, string>>;
  /** Roots of the directories in which gates may run. */
  readonly directories: readonly string[];
  /** Where an address is really reached: the policy's mapping, for the environment of the release. Default: as it is. */
  readonly locate?: (url: string, environment: string | undefined) => string;
  /** Another user for the commands; `null`: the worker's own. */
  readonly runAs: { readonly uid: number; readonly gid: number } | null;
}

type Shown = Omit<GateReport, 'durationMs'>;

/** Longer reports are not read. */
const MAX_REPORT_BYTES = 16 * 1024 * 1024;

/** Gates as a build worker runs them: commands without a shell, coverage reports, audits. */
export function createGateActivities(dependencies: GateDependencies): GateActivities {
  return {
    async claimBuildHost() {
      return { taskQueue: dependencies.hostQueue };
    },
    async runGate(request) {
      const startedAt = performance.now();
      const shown = await elsewhereOnShutdown('the gate ran', () => show(request, dependencies));
      return { ...shown, durationMs: Math.round(performance.now() - startedAt) };
    },
    runJob: (request) => elsewhereOnShutdown('the job ran', () => runJob(request, dependencies)),
  };
}

async function show(request: RunGateRequest, dependencies: GateDependencies): Promise<Shown> {
  const { gate } = request;
  if (gate.kind === 'web')
    return nothingRan(await runWeb(gate, dependencies.locate?.(gate.url, request.environment) ?? gate.url));
  const directory = await confined(gate.directory, dependencies.directories);
  switch (gate.kind) {
    case 'command':
      return judgeCommand(await run(request, dependencies, { command: gate.command, directory, capture: false }));
    case 'coverage': {
      const report = await readReport(gate.report, directory, dependencies.directories);
      if ('because' in report) return nothingRan({ verdict: 'inconclusive', because: report.because });
      const { verdict, because } = judgeCoverage(report.text, gate.minimumPercent);
      return nothingRan({ verdict, because: `${because} (report of ${report.writtenAt})` });
    }
    case 'audit': {
      if (gate.command) {
        const execution = await run(request, dependencies, { command: gate.command, directory, capture: true });
        return { ...judgeLiveAudit(execution, gate.level), ...evidence(execution) };
      }
      if (!gate.report)
        return nothingRan({ verdict: 'inconclusive', because: 'the gate names neither command nor report' });
      const report = await readReport(gate.report, directory, dependencies.directories);
      if ('because' in report) return nothingRan({ verdict: 'inconclusive', because: report.because });
      const { verdict, because } = judgeAudit(report.text, gate.level);
      return nothingRan({ verdict, because: `recorded report of ${report.writtenAt}: ${because}` });
    }
    default:
      return gate satisfies never;
  }
}

function run(
  { gate, key }: RunGateRequest,
  { environment, logs, runAs }: GateDependencies,
  what: { command: readonly string[]; directory: string; capture: boolean },
): Promise<Execution> {
  return execute({ ...what, environment, logs, runAs, key, timeoutMs: gate.timeoutMs });
}

function judgeCommand(execution: Execution): Shown {
  return { ...endOfCommand(execution), ...evidence(execution) };
}

function judgeLiveAudit(execution: Execution, level: Parameters<typeof judgeAudit>[1]): Judgement {
  if (execution.end !== 'exited') {
    return { verdict: 'inconclusive', because: `the audit could not be made: ${endOfCommand(execution).because}` };
  }
  if (execution.stdout === null) return { verdict: 'inconclusive', because: 'the audit answered more than 16 MiB' };
  return judgeAudit(execution.stdout, level);
}

function evidence(execution: Execution): Pick<GateReport, 'exitCode' | 'log'> {
  return { exitCode: execution.end === 'exited' ? execution.exitCode : null, log: execution.log };
}

function nothingRan(judgement: Judgement): Shown {
  return { ...judgement, exitCode: null, log: null };
}

/** A report, bounded, from within the policy's directories. */
async function readReport(
  report: string,
  directory: string,
  directories: readonly string[],
): Promise<{ text: string; writtenAt: string } | { because: string }> {
  const named = path.resolve(directory, report);
  const found = await stat(named).catch((error: unknown) => ({ because: `${named}: ${sentence(error)}` }));
  if ('because' in found) return { because: `the report cannot be read: ${found.because}` };
  if (!found.isFile()) return { because: `${named} is no file` };
  if (found.size > MAX_REPORT_BYTES) return { because: `${named} is larger than 16 MiB` };
  const handle = await open(await confined(named, directories));
  try {
    const text = Buffer.alloc(found.size);
    const { bytesRead } = await handle.read(text, 0, found.size, 0);
    return { text: text.toString('utf8', 0, bytesRead), writtenAt: found.mtime.toISOString() };
  } finally {
    await handle.close();
  }
}
