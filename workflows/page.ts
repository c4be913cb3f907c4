/**
 * The release as a page of Markdown, for the UI's panel: how it stands and what is wanted of whom first, then the
 * numbers, then the steps. Pure.
 */
import type { Plan } from '../src/plan/plan.ts';
import { code, prose, table, text, time, utc } from './markdown.ts';
import type { Decision, MetricProgress, Progress, ReleaseStatus, Waiting } from './messages.ts';
import type { Offer } from './offers.ts';
import { duration } from './state.ts';

const MESSAGES_SHOWN = 8;
/** Characters of a gate's log; the rest stands where it says. */
const LOG_SHOWN = 2_000;

export function renderPage(status: ReleaseStatus, plan: Plan, offers: readonly Offer[]): string {
  return [
    headline(status),
    pauseAhead(offers),
    question(status.waiting, offers),
    messages(status.decisions),
    gates(status),
    undone(status),
    numbers(status),
    changes(status),
    checklist(status),
    steps(status),
    footer(status, plan),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function headline(status: ReleaseStatus): string {
  const { service, from, version, environment, because } = status;
  const change = `## ${text(service)}: ${from === null ? '' : `${text(from)} → `}${text(version)} in ${text(environment)}`;
  return `${change}\n\n**${state(status)}**${because ? `: ${prose(because)}` : ''}`;
}

function state(status: ReleaseStatus): string {
  const { phase, outcome, waiting, weights, version } = status;
  switch (phase) {
    case 'ended':
      return {
        released: status.undone?.length ? 'Released in part' : 'Released',
        rolledBack: 'Rolled back',
        rejected: 'Rejected',
        none: 'Refused',
      }[outcome ?? 'none'];
    case 'undoing':
      return waiting ? 'Going back, and stuck' : 'Going back';
    case 'window':
      return 'Released, and can still go back';
    case 'cleanup':
      return 'Released; the old side is being removed';
    case 'contract':
      return `${waits(waiting)}Released; there is no way back any more`;
    case 'canary':
    case 'promotion':
    case 'cutover':
    case 'flags':
    case 'validation':
      return `${waits(waiting)}${text(version)} has ${weights[version] ?? 0} % of the traffic`;
    case 'admission':
    case 'gates':
    case 'image':
    case 'configuration':
    case 'expand':
      return `${waits(waiting)}Nothing has changed for users; ${phase} under way`;
    default:
      return phase satisfies never;
  }
}

/** A timed pause and the window end by themselves; everything else wants somebody. */
function wantsSomebody(waiting: Waiting): boolean {
  return waiting.kind !== 'window' && !(waiting.kind === 'pause' && waiting.consequence.startsWith('goes on'));
}

function waits(waiting: Waiting | null): string {
  return waiting && wantsSomebody(waiting) ? 'Waits for a person. ' : '';
}

/** What is waited for, and right below it what can be sent now. */
function question(waiting: Waiting | null, offers: readonly Offer[]): string {
  const heading = waiting && wantsSomebody(waiting) ? `### ${prose(waiting.prompt)}\n\n` : '';
  return heading + [...deadline(waiting), ...choices(offers)].join('\n');
}

function deadline(waiting: Waiting | null): string[] {
  if (!waiting) return [];
  const { deadline, consequence } = waiting;
  const until = deadline ? `Until **${utc(deadline)}**, then it ${consequence}.` : `No deadline; it ${consequence}.`;
  return [wantsSomebody(waiting) ? until : `${prose(waiting.prompt)} ${until}`];
}

function pauseAhead(offers: readonly Offer[]): string {
  const asked = offers.some(({ signal, answers }) => signal === 'resume' && !answers);
  return asked ? 'A pause was asked for: it stops at the next safe point.' : '';
}

/** What can be sent now: the answers with what they do; the rest in one line. */
function choices(offers: readonly Offer[]): string[] {
  if (offers.length === 0) return [];
  const paste = ({ signal, input }: Offer): string => `**${signal}**${input ? ` ${code(input)}` : ''}`;
  const answers = offers.filter((offer) => offer.answers);
  const others = offers.filter((offer) => !offer.answers);
  return [
    '*More Actions* → *Send a Signal*:',
    ...answers.map((offer) => `• ${paste(offer)} ${text(offer.effect)}`),
    ...(others.length > 0 ? [`• ${answers.length > 0 ? 'also ' : ''}${others.map(paste).join(', ')}`] : []),
  ];
}

function messages(decisions: readonly Decision[]): string {
  if (decisions.length === 0) return '';
  const shown = decisions.slice(-MESSAGES_SHOWN).reverse();
  return ['### Messages', shown.map(message).join('\n')].join('\n\n');
}

function message({ at, signal, payload, accepted, because, by }: Decision): string {
  const sender = by ? ` (${text(by.level === 'anonymous' ? 'anonymous' : `${by.name}, ${by.level}`)})` : '';
  const sent = `${text(signal)}${payload ? ` ${code(payload)}` : ''}${sender}`;
  return `• ${time(at)} **${accepted ? 'accepted' : 'refused'}** ${sent}: ${prose(because)}`;
}

function gates(status: ReleaseStatus): string {
  return status.gates
    .filter((gate) => gate.verdict !== 'pass')
    .map(({ name, verdict, because, log }) => {
      const tail = log?.tail.slice(-LOG_SHOWN).replaceAll('```', "'''");
      const lines = log ? `\n\n\`\`\`\n${tail}\n\`\`\`\n\nLog: ${code(log.file)}` : '';
      return `### Gate ${text(name)}: ${verdict}\n\n${prose(because)}${lines}`;
    })
    .join('\n\n');
}

/** Canary beside stable, each metric with its rule and how its readings were judged. */
function numbers({ from, version, weights, metrics }: ReleaseStatus): string {
  if (Object.keys(weights).length === 0) return '';
  const share = (of: string): string => `${weights[of] ?? 0} %`;
  if (from === null) return table(['', `new ${version}`, ''], [['traffic', share(version), '']]);
  return table(
    ['', `old ${from}`, `new ${version}`, 'readings'],
    [['traffic', share(from), share(version), ''], ...metrics.map(metric)],
  );
}

function metric(metric: MetricProgress): readonly string[] {
  const last = metric.readings.at(-1);
  const name = metric.analysis === 'background' ? metric.metric : `${metric.metric} (${metric.analysis})`;
  return [text(name), reading(last?.beside), reading(last?.value), `${code(metric.condition)} ${tally(metric)}`];
}

/** The answer of a query is a list; nearly always of one number. */
function reading(value: string | undefined): string {
  return text(value?.replace(/^\[([^,\]]*)\]$/, '$1') || '–');
}

function tally({ good, failed, inconclusive, errors, state, because }: MetricProgress): string {
  const counts = { good, failed, inconclusive, [errors === 1 ? 'error' : 'errors']: errors };
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  const counted = some.map(([name, count]) => `${count} ${name}`).join(', ') || 'none yet';
  const against = state === 'fail' || state === 'inconclusive' || state === 'error';
  return against ? `${counted}: **${state}**, ${text(because)}` : counted;
}

function undone({ undone = [] }: ReleaseStatus): string {
  return undone.map(({ phase, because }) => `### Without ${phase}\n\n${prose(because)}`).join('\n\n');
}

/** What the release changed beside traffic. */
function changes({ image, migrations = [], flags = [] }: ReleaseStatus): string {
  const rows = [
    ...(image ? [['image', code(image.reference), text(image.because)]] : []),
    ...migrations.map(({ kind, name, because }) => [kind, text(name), text(because)]),
    ...flags.map(({ key, variant, from, percent }) => ['flag', text(key), `${text(variant)} ${from} % → ${percent} %`]),
  ];
  return rows.length === 0 ? '' : table(['changed', '', ''], rows);
}

const VERDICTS = { passed: '✔', failed: '✖', unshown: '✖ unshown', undone: '–', 'not planned': '–' } as const;

function checklist({ checklist = [] }: ReleaseStatus): string {
  if (checklist.length === 0) return '';
  const rows = checklist.map(({ step, item, verdict, evidence }) => [
    VERDICTS[verdict],
    String(step),
    text(item),
    text(evidence),
  ]);
  return `### Checklist\n\n${table(['', 'step', 'item', 'evidence'], rows)}`;
}

const ICONS: Record<Progress['state'], string> = { waiting: '○', running: '◐', done: '✔', skipped: '–', failed: '✖' };

/** On the way back, what was undone stands first, and what was never reached is left out. */
function steps({ progress, phase, outcome }: ReleaseStatus): string {
  const undone = progress.filter((line) => line.name.startsWith('undo-'));
  const forward = progress.filter((line) => !undone.includes(line));
  if (phase !== 'undoing' && !(phase === 'ended' && outcome !== 'released')) return lines(forward);
  const reached = forward.filter((line) => line.state !== 'waiting');
  const back = undone.length > 0 ? `### The way back\n\n${lines(undone)}\n\n` : '';
  return `${back}### The way there\n\n${lines(reached)}`;
}

function lines(progress: readonly Progress[]): string {
  return table(
    ['', 'step', 'at (UTC)', 'took', ''],
    progress.map((line) => [
      ICONS[line.state],
      text(line.title),
      line.startedAt ? time(line.startedAt) : '',
      took(line),
      line.state === 'running' ? '' : text(line.because),
    ]),
  );
}

function took({ startedAt, endedAt }: Progress): string {
  return startedAt && endedAt ? duration(Date.parse(endedAt) - Date.parse(startedAt)) : '';
}

function footer({ phase, startedAt, startedBy, planDigest, continued }: ReleaseStatus, plan: Plan): string {
  const open = !['ended', 'undoing', 'window', 'cleanup', 'contract'].includes(phase);
  const window = plan.window.durationMs;
  return [
    `Started ${utc(startedAt)}${startedBy ? ` by ${text(startedBy)}` : ''}.`,
    planDigest ? `Plan ${code(planDigest.slice(0, 12))}.` : '',
    continued > 0 ? `Run ${continued + 1} of this release.` : '',
    open && window > 0
      ? `Once it has all traffic, going back is one traffic move for another ${duration(window)}.`
      : '',
    phase === 'ended' ? '' : '*Request Cancellation* is an abort; *Terminate* undoes nothing.',
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}
