import type { Judgement } from './coverage.ts';
import type { Execution } from './execute.ts';

/** How a command ended, in one sentence; only an exit code of 0 is a pass. */
export function endOfCommand(execution: Execution): Judgement {
  const seconds = `${(execution.durationMs / 1000).toFixed(1)} s`;
  switch (execution.end) {
    case 'exited':
      return execution.exitCode === 0
        ? { verdict: 'pass', because: `exit code 0 after ${seconds}` }
        : { verdict: 'fail', because: `exit code ${execution.exitCode} after ${seconds}` };
    case 'killed':
      return { verdict: 'fail', because: `ended by ${execution.signal} after ${seconds}` };
    case 'timedOut':
      return { verdict: 'fail', because: `had not ended after ${seconds} and was stopped` };
    case 'notStarted':
      return { verdict: 'inconclusive', because: `could not be started: ${execution.because}` };
    default:
      return execution satisfies never;
  }
}
