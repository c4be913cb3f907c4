import type { JobReport } from '../../activities/gates/port.ts';
import type { ReadingAssessment } from './reading.ts';

/**
 * Judges a job by how its last attempt ended, as Argo judges a Job: exit code 0 passes; another one, a signal or the
 * time-out fails. What could not be started has shown nothing.
 *
 * @param raw the report of the activity, as JSON
 * @example assessJob('{"end":"exited","exitCode":0,"because":"exit code 0 after 1.2 s","attempts":1}').verdict // 'pass'
 */
export function assessJob(raw: string): ReadingAssessment {
  const report = parseReport(raw);
  if (report === null) return { verdict: 'error', value: '', because: 'the report of the job cannot be read' };
  const because = `the job ${report.end === 'exited' ? 'ended with ' : ''}${report.because}${atAttempt(report)}`;
  switch (report.end) {
    case 'exited':
      return { verdict: report.exitCode === 0 ? 'pass' : 'fail', value: `exit code ${report.exitCode}`, because };
    case 'killed':
    case 'timedOut':
      return { verdict: 'fail', value: report.end === 'killed' ? 'killed' : 'timed out', because };
    case 'notStarted':
      return { verdict: 'inconclusive', value: 'not started', because };
  }
}

const atAttempt = ({ attempts }: Report): string => (attempts > 1 ? ` at attempt ${attempts}` : '');

type Report = Pick<JobReport, 'end' | 'exitCode' | 'because' | 'attempts'>;

const ENDS: readonly unknown[] = ['exited', 'killed', 'timedOut', 'notStarted'] satisfies JobReport['end'][];

function parseReport(raw: string): Report | null {
  let report: Partial<Record<keyof Report, unknown>> | null;
  try {
    report = JSON.parse(raw) as typeof report;
  } catch {
    return null;
  }
  const { end, exitCode, because, attempts } = report ?? {};
  const readable =
    ENDS.includes(end) &&
    (end === 'exited' ? Number.isInteger(exitCode) : exitCode === null) &&
    typeof because === 'string' &&
    Number.isInteger(attempts);
  return readable ? (report as Report) : null;
}
