/** The release as a page of Markdown, for the UI's panel: what changes, how it stands, what it waits for. Pure. */
import type { Plan } from '../src/plan/plan.ts';
import type { Decision, MetricProgress, Progress, ReleaseStatus, Waiting } from './messages.ts';

const MESSAGES_SHOWN = 8;

export function renderPage(status: ReleaseStatus, plan: Plan, pausedAs: string | null): string {
  return [
    headline(status),
    ...waitingFor(status.waiting, pausedAs),
    ...sides(status),
    ...metrics(status),
    ...steps(status.progress),
    ...gates(status),
    ...messages(status.decisions),
    footer(status, plan),
  ].join('\n');
}

function headline(status: ReleaseStatus): string {
  const change = `${status.service}: ${status.from ?? 'nothing'} → ${status.version} in ${status.environment}`;
  return `## ${change}\n\n**${state(status)}**${status.because ? `: ${text(status.because)}` : ''}\n`;
}

function state({ phase, outcome, waiting, weights, version }: ReleaseStatus): string {
  if (phase === 'ended')
    return { released: 'Released', rolledBack: 'Rolled back', rejected: 'Rejected' }[outcome ?? 'rejected'];
  if (phase === 'undoing') return 'Going back';
  if (phase === 'window') return 'Released; the old side is kept warm';
  if (waiting?.kind === 'approval' || waiting?.kind === 'inconclusive') return 'Waits for a person';
  if (phase === 'canary' || phase === 'promotion') return `Canary at ${weights[version] ?? 0} %`;
  return `In ${phase}`;
}

function waitingFor(waiting: Waiting | null, pausedAs: string | null): string[] {
  const lines: string[] = [];
  if (pausedAs && waiting?.kind !== 'paused') lines.push(`A pause was asked for: it stops at the next safe point.\n`);
  if (!waiting) return lines;
  const until = waiting.deadline
    ? `Until **${utc(waiting.deadline)}**, then it ${waiting.consequence}.`
    : `No deadline; it ${waiting.consequence}.`;
  lines.push(`### ${text(waiting.prompt)}`, '', until, '');
  for (const signal of waiting.accepts) {
    const field = signal === 'retry' || signal === 'skip' ? 'act' : 'step';
    const reason = signal === 'skip' ? ',"reason":"why"' : '';
    const input = signal === 'finalise' ? 'no input' : `\`{"${field}":"${waiting.token}"${reason}}\``;
    lines.push(`- *Send a Signal* → **${signal}** → ${input}`);
  }
  lines.push('');
  return lines;
}

/** Canary beside stable, in numbers. */
function sides(status: ReleaseStatus): string[] {
  const { from, version, weights } = status;
  if (Object.keys(weights).length === 0) return [];
  const rows = [...new Set([...(from ? [from] : []), version])];
  const latest = new Map(status.metrics.map((metric) => [metric.metric, metric.readings.at(-1)]));
  const cells = (of: (row: string) => string) => rows.map((row) => ` ${of(row)} |`).join('');
  return [
    `| |${cells((row) => (row === version ? `new ${row}` : `old ${row}`))}`,
    `|---|${rows.map(() => '---|').join('')}`,
    `| traffic |${cells((row) => `${weights[row] ?? 0} %`)}`,
    ...[...latest].map(
      ([name, reading]) =>
        `| ${name} |${cells((row) => (row === version ? (reading?.value ?? '') : (reading?.beside ?? '')) || '–')}`,
    ),
    '',
  ];
}

function metrics(status: ReleaseStatus): string[] {
  if (status.metrics.length === 0) return [];
  return [
    '| metric | rule | good | failed | inconclusive | errors | state |',
    '|---|---|---|---|---|---|---|',
    ...status.metrics.map(metricRow),
    '',
  ];
}

function metricRow(metric: MetricProgress): string {
  const { analysis, good, failed, inconclusive, errors } = metric;
  const because = metric.because ? `: ${text(metric.because)}` : '';
  return `| ${metric.metric} (${analysis}) | \`${cell(metric.condition)}\` | ${good} | ${failed} | ${inconclusive} | ${errors} | ${metric.state}${because} |`;
}

const ICONS: Record<Progress['state'], string> = { waiting: '○', running: '◐', done: '✔', skipped: '–', failed: '✖' };

function steps(progress: readonly Progress[]): string[] {
  return [
    '| | step | from | to | |',
    '|---|---|---|---|---|',
    ...progress.map(
      (line) =>
        `| ${ICONS[line.state]} | ${text(line.title)} | ${time(line.startedAt)} | ${time(line.endedAt)} | ${text(line.because)} |`,
    ),
    '',
  ];
}

function gates(status: ReleaseStatus): string[] {
  const shown = status.gates.filter((gate) => gate.verdict !== 'pass');
  return shown.flatMap((gate) => [
    `### Gate ${gate.name}: ${gate.verdict}`,
    '',
    text(gate.because),
    '',
    ...(gate.log ? ['```', gate.log.tail.replaceAll('```', "'''"), '```', `Log: \`${gate.log.file}\``, ''] : []),
  ]);
}

function messages(decisions: readonly Decision[]): string[] {
  if (decisions.length === 0) return [];
  return [
    '### Messages',
    '',
    '| when | message | from | answer |',
    '|---|---|---|---|',
    ...decisions
      .slice(-MESSAGES_SHOWN)
      .reverse()
      .map((decision) => {
        const by = decision.by ? `${text(decision.by.name)} (${decision.by.level})` : '';
        const answer = `${decision.accepted ? 'accepted' : '**refused**'}: ${text(decision.because)}`;
        return `| ${time(decision.at)} | ${text(decision.signal)} \`${cell(decision.payload)}\` | ${by} | ${answer} |`;
      }),
    '',
  ];
}

function footer(status: ReleaseStatus, plan: Plan): string {
  const window = plan.window.durationMs > 0 ? 'Until the window closes, going back is one traffic move.' : '';
  const run = status.continued > 0 ? ` Run ${status.continued + 1} of this release.` : '';
  const digest = status.planDigest ? ` Plan \`${status.planDigest.slice(0, 12)}\`.` : '';
  const by = status.startedBy ? ` by ${text(status.startedBy)}` : '';
  return `Started ${utc(status.startedAt)}${by}.${digest}${run} ${window}`;
}

/** `2026-11-23 15:04:05 UTC`. */
function utc(at: string): string {
  return `${at.slice(0, 19).replace('T', ' ')} UTC`;
}

function time(at: string | null): string {
  return at ? at.slice(11, 19) : '';
}

/** Foreign text inside a table: no new cell, no markup of its own. */
function text(value: string): string {
  return value
    .replace(/[\r\n]+/g, ' ')
    .replace(/[\\`*_<>[\]|#]/g, (mark) => `\\${mark}`)
    .slice(0, 400);
}

function cell(value: string): string {
  return value.replace(/[\r\n`]+/g, ' ').replaceAll('|', '\\|');
}
