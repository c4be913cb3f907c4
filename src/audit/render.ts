import type { MetricProgress, ReleaseStatus } from '../../workflows/messages.ts';
import type { Difference } from './difference.ts';
import { rolloutLines } from './driven.ts';
import { looksOf } from './looks.ts';
import type { ReplayedRun, ReplayReport } from './replay.ts';

const SHOWN_CHARACTERS = 160;

/** The report as text: every verdict as it was computed again, then whether all is as recorded. */
export function renderReplay(report: ReplayReport): string {
  const differences = report.runs.flatMap((run) => run.differences);
  return [...report.runs.map(runText), ...differences.map(differenceText), summary(report, differences.length)].join(
    '\n',
  );
}

function summary({ runs, verdicts }: ReplayReport, differences: number): string {
  const told = differences === 0 ? 'all as recorded' : counted(differences, 'difference');
  return `replayed: ${counted(runs.length, 'run')}, ${counted(verdicts, 'verdict')}, ${told}`;
}

function runText(run: ReplayedRun): string {
  const code = `code ${run.bundle.digest.slice(0, 12)} (${run.bundle.from})`;
  const manifest = run.hasManifest ? '' : ', no manifest';
  const head = `${run.workflowId}  run ${run.runId}  ${run.closing}, ${code}${manifest}`;
  // A run that was continued hands its verdicts on; they are told once, with the last.
  return [head, ...(run.last && run.status ? statusLines(run.status) : []), ''].join('\n');
}

function statusLines(status: ReleaseStatus): string[] {
  const { service, environment, from, version, outcome, because } = status;
  return [
    `  ${service}: ${from ?? 'nothing'} → ${version} in ${environment}`,
    ...status.gates.map((gate) => `  gate ${gate.name}: ${gate.verdict}, ${gate.because}`),
    ...(status.image ? [`  image ${status.image.reference}: ${status.image.how}, ${status.image.because}`] : []),
    ...(status.migrations ?? []).map(
      ({ kind, name, outcome, because }) => `  ${kind} ${name}: ${outcome}${because ? `, ${because}` : ''}`,
    ),
    ...rolloutLines(status),
    ...status.metrics.flatMap(metricLines),
    ...looksOf(status).map(({ what, state, because }) => `  ${what}: ${state}, ${because}`),
    ...(status.flags ?? []).map(
      ({ key, variant, from, percent }) => `  flag ${key}: ${variant} from ${from} % to ${percent} %`,
    ),
    ...(status.checklist ?? []).map(
      ({ step, item, verdict, evidence }) => `  checklist ${step} ${item}: ${verdict}, ${evidence}`,
    ),
    ...(status.undone ?? []).map(({ phase, because }) => `  undone ${phase}: ${because}`),
    ...status.decisions.map(
      ({ at, signal, accepted, because, by }) =>
        `  ${at}  ${signal} ${accepted ? 'accepted' : 'refused'} (${because})${by ? ` from ${by.name}, ${by.level}` : ''}`,
    ),
    `  outcome ${outcome ?? 'none'}${because ? `: ${because}` : ''}`,
  ];
}

function metricLines(metric: MetricProgress): string[] {
  return [
    `  ${metric.analysis} ${metric.metric}: ${metric.state}, ${metric.because}; good where ${metric.condition}`,
    ...metric.readings.map(({ at, value, verdict, weight }) => `    ${at}  ${weight} %  ${value}  ${verdict}`),
  ];
}

/** `event 47 ACTIVITY_TASK_COMPLETED (reading of latency): …` */
export function differenceText(difference: Difference): string {
  const { event, what, because, path, runId } = difference;
  const where = event ? `event ${event.id} ${event.type} (${what})` : what;
  const values =
    path === undefined
      ? ''
      : `; ${path}: recorded ${show(difference.recorded)}, computed ${show(difference.recomputed)}`;
  return `DIFFERENT run ${runId} ${where}: ${because}${values}`;
}

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS - 1)}…` : text;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
