/** Release notes in Markdown, written from the plan and from what the release recorded. Pure. */
import { code, prose, table, text, utc } from '../../workflows/markdown.ts';
import type { MetricProgress, Progress, ReleaseStatus } from '../../workflows/messages.ts';
import type { Plan } from '../plan/plan.ts';

/** Lines of the release's tree that move traffic, or look before they do. */
const TRAFFIC = /^(step-\d+|monitor|promotion|full|cutover-.+)$/;

/**
 * What changed, how it was shown to be good, who decided, and what was taken back. Foreign text is escaped, and what
 * there is nothing of is left out.
 *
 * @example writeFileSync('release-notes.md', releaseNotes(plan, status))
 */
export function releaseNotes(plan: Plan, status: ReleaseStatus): string {
  const parts = [
    title(status),
    section('Taken back', undone(status)),
    facts(plan, status),
    section('Database', database(plan, status)),
    section('Traffic', traffic(status)),
    section('What was judged', status.metrics.length > 0 ? metrics(status) : ''),
    section('Flags', flags(status)),
    section('Decisions', decisions(status)),
    section('Checklist', checklist(status)),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function title({ service, environment, from, version, phase, outcome, because, undone = [] }: ReleaseStatus): string {
  const change = from === null ? text(version) : `${text(from)} → ${text(version)}`;
  const named = { released: 'Released', rolledBack: 'Rolled back', rejected: 'Rejected' };
  const without = outcome === 'released' ? undone.map((one) => `, without ${one.phase}`).join('') : '';
  const how = outcome ? `${named[outcome]}${without}` : `Under way (${phase})`;
  return `# ${text(service)} ${change} in ${text(environment)}\n\n**${how}**${because ? `: ${prose(because)}` : ''}`;
}

function facts(plan: Plan, status: ReleaseStatus): string {
  const { image, planDigest, startedAt, startedBy } = status;
  const written = plan.configuration.map(({ file, field }) => `${code(field)} in ${code(file)}`);
  return table(
    ['', ''],
    [
      ['plan', planDigest ? code(planDigest) : 'not admitted'],
      ['started', `${utc(startedAt)}${startedBy ? ` by ${text(startedBy)}` : ''}`],
      ...(image ? [['image', `${code(image.reference)} (${image.how}: ${text(image.because)})`]] : []),
      ...(written.length > 0 ? [['configuration', written.join(', ')]] : []),
      ...(status.gates.length > 0
        ? [['gates', status.gates.map((gate) => `${text(gate.name)}: ${gate.verdict}`).join(', ')]]
        : []),
    ],
  );
}

function database({ database: planned }: Plan, { migrations = [] }: ReleaseStatus): string {
  if (!planned) return '';
  const rows = (['expand', 'contract'] as const).flatMap((kind) =>
    planned[kind].map(({ name }) => {
      const done = migrations.find((one) => one.kind === kind && one.name === name);
      return [text(name), kind, done?.outcome ?? 'not done', text(done?.because ?? '')];
    }),
  );
  return rows.length === 0 ? '' : `In ${code(planned.name)}:\n\n${table(['migration', 'kind', '', ''], rows)}`;
}

function traffic({ progress }: ReleaseStatus): string {
  const lines = progress.filter(({ name, state }) => TRAFFIC.test(name) && state !== 'waiting');
  return lines.length === 0 ? '' : table(['at (UTC)', 'step', '', ''], lines.map(moved));
}

function moved({ title, state, because, startedAt }: Progress): string[] {
  return [startedAt ? utc(startedAt).replace(' UTC', '') : '–', text(title), state, text(because)];
}

function metrics({ metrics: all, phase, outcome }: ReleaseStatus): string {
  const over = phase === 'ended' || outcome !== null;
  return table(
    ['metric', 'condition', 'readings', 'last', 'verdict'],
    all.map(({ analysis, metric, condition, good, failed, inconclusive, errors, readings, state, because }) => [
      text(`${metric} (${analysis})`),
      code(condition),
      `${good} good, ${failed} failed, ${inconclusive} inconclusive, ${errors} errors`,
      text(readings.at(-1)?.value ?? '–'),
      verdictOf(state === 'running' && over ? 'ended' : state, because),
    ]),
  );
}

function verdictOf(state: MetricProgress['state'], because: string): string {
  return because ? `${state}: ${prose(because)}` : state;
}

function flags({ flags: ramped = [] }: ReleaseStatus): string {
  const rows = ramped.map(({ key, variant, from, percent }) => [code(key), code(variant), `${from} %`, `${percent} %`]);
  return rows.length === 0 ? '' : table(['flag', 'variant', 'before', 'now'], rows);
}

/** What people asked for and got; what was refused stands in the history. */
function decisions({ decisions: all }: ReleaseStatus): string {
  const rows = all
    .filter(({ accepted }) => accepted)
    .map(({ at, signal, by, because, payload }) => {
      const person = by ? `${by.name} (${by.level})` : 'not attested';
      return [utc(at), text(signal), text(person), text(because), code(payload)];
    });
  return rows.length === 0 ? '' : table(['at', 'message', 'by', '', ''], rows);
}

function checklist({ checklist: items = [] }: ReleaseStatus): string {
  if (items.length === 0) return '';
  const shown = items.filter(({ verdict }) => verdict === 'passed').length;
  const rows = items.map(({ step, item, verdict, evidence }) => [`${step}`, text(item), verdict, text(evidence)]);
  const others = (['failed', 'unshown', 'waived', 'undone', 'not planned'] as const)
    .map((verdict) => ({ verdict, count: items.filter((one) => one.verdict === verdict).length }))
    .filter(({ count }) => count > 0)
    .map(({ verdict, count }) => `, ${count} ${verdict}`);
  return `${shown} of ${items.length} passed${others.join('')}.\n\n${table(['step', 'item', '', 'evidence'], rows)}`;
}

function undone({ undone: phases = [] }: ReleaseStatus): string {
  return phases.map(({ phase, because }) => `- **${phase}**: ${text(because)}`).join('\n');
}

function section(heading: string, body: string): string {
  return body === '' ? '' : `## ${heading}\n\n${body}`;
}
