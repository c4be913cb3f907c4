/**
 * The release as a page of Markdown, for the UI's panel: how it stands and what is wanted of whom first, then the
 * numbers, then the steps. Pure.
 */
import type { Plan } from '../src/plan/plan.ts';
import { rolloutPart } from './driven/shown.ts';
import { duration } from './duration.ts';
import { code, prose, table, text, time, utc } from './markdown.ts';
import type { Decision, Phase, Progress, ReleaseStatus, Waiting } from './messages.ts';
import { numbers } from './numbers.ts';
import type { Offer } from './offers.ts';
import { UNTOLD } from './untold.ts';

const MESSAGES_SHOWN = 4;
/** Characters of a gate's log; the rest stands where it says. */
const LOG_SHOWN = 2_000;
/** Characters of a reason that may stand in the headline and beside its step. */
const BECAUSE_TWICE = 60;

export function renderPage(status: ReleaseStatus, plan: Plan, offers: readonly Offer[]): string {
  return [
    headline(status),
    now(status),
    undone(status),
    pauseAhead(offers),
    question(status.waiting, offers),
    preview(status),
    messages(status.decisions),
    gates(status),
    numbers(status),
    rolloutPart(status.rollout),
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
        released: ['Released', ...(status.undone ?? []).map(({ phase }) => `without ${phase}`)].join(', '),
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
      return `${waits(waiting)}Released; the old side is gone`;
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

/** What it is at, where it does not wait for somebody: then the question says so. */
function now({ phase, progress, waiting }: ReleaseStatus): string {
  const line = progress.find(({ state }) => state === 'running');
  if (!line || phase === 'window' || (waiting && wantsSomebody(waiting))) return '';
  const since = line.startedAt ? `, since ${time(line.startedAt)} UTC` : '';
  return `Now: ${line.title === phase ? '' : `${phase}, `}${text(line.title)}${since}.`;
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
  const why = waiting.kind === 'undo' && waiting.prompt.includes(UNTOLD) ? [WHY_UNTOLD] : [];
  return [wantsSomebody(waiting) ? until : `${prose(waiting.prompt)} ${until}`, ...why];
}

/** The page is the workflow's, which hears of an attempt that is made again only when that has an end. */
const WHY_UNTOLD = 'Why: the last failure under **Pending Activities**, or `shiplock get`.';

/** Whoever is asked about the switch may look for themselves. */
function preview({ phase, waiting, looks, version }: ReleaseStatus): string {
  if (phase !== 'cutover' || !waiting || !looks?.preview) return '';
  return `${text(version)} alone answers at ${code(looks.preview.url)}.`;
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
  const earlier = decisions.length - shown.length;
  const more = earlier > 0 ? [`• ${earlier} earlier: \`shiplock get -o json\`, *Event History*`] : [];
  return ['### Messages (UTC)', [...shown.map(message), ...more].join('\n')].join('\n\n');
}

function message({ at, signal, payload, accepted, because, by }: Decision): string {
  const sender = by ? ` (${text(by.level === 'anonymous' ? 'anonymous' : `${by.name}, ${by.level}`)})` : '';
  const input = withoutId(payload);
  const sent = `${text(signal)}${input ? ` ${code(input)}` : ''}${sender}`;
  return `• ${time(at)} **${accepted ? 'accepted' : 'refused'}** ${sent}: ${prose(because)}`;
}

/** By its id a sender finds its answer; nobody else wants it. */
function withoutId(payload: string): string {
  return payload
    .replace(/,"id":"[^"]*"(?=\})/, '')
    .replace(/^\{"id":"[^"]*"(,|(?=\}))/, '{')
    .replace(/^\{\}$/, '');
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

/** What was taken back while the release stays, why, and what its exit code will be. */
function undone({ undone = [], outcome, phase, version }: ReleaseStatus): string {
  if (undone.length === 0) return '';
  const parts = undone.map(
    (one) => `### Without ${one.phase}\n\n${prose(one.because)}. ${leftBy(one.phase, version, phase)}`,
  );
  const goesBack = phase === 'undoing' || outcome === 'rolledBack' || outcome === 'rejected';
  return [
    ...parts,
    ...(goesBack
      ? []
      : [`${phase === 'ended' ? 'Exit code 6' : 'It will end with exit code 6'}: released, without a phase.`]),
  ].join('\n\n');
}

function leftBy(undone: Phase, version: string, phase: Phase): string {
  switch (undone) {
    case 'flags':
      return `The flags are ${phase === 'flags' ? 'being put back' : 'as before'}; ${text(version)} stays.`;
    case 'contract':
      return `What was not run is dropped; ${text(version)} stays.`;
    default:
      return `${text(version)} stays.`;
  }
}

/** What the release changed beside traffic. */
function changes({ image, migrations = [], flags = [] }: ReleaseStatus): string {
  const rows = [
    ...(image ? [['image', code(image.reference), text(image.because)]] : []),
    ...migrations.map(({ kind, name, outcome, because }) => [
      kind,
      text(name),
      outcome === 'found' ? 'found: an earlier release ran it' : text(because),
    ]),
    ...flags.map(({ key, variant, from, percent }) => [
      'flag',
      text(key),
      from === percent
        ? `${text(variant)} for ${percent} % of users`
        : `${text(variant)}: ${from} % → ${percent} % of users`,
    ]),
  ];
  return rows.length === 0 ? '' : table(['beside traffic', '', ''], rows);
}

const VERDICTS = {
  passed: '✔',
  failed: '✖',
  unshown: '✖ unshown',
  waived: '– waived',
  undone: '–',
  'not planned': '–',
} as const;

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
function steps({ progress: all, phase, outcome, because }: ReleaseStatus): string {
  const progress = all.map((line) => (line.because === because ? { ...line, because: shortOf(because) } : line));
  const undone = progress.filter((line) => line.name.startsWith('undo-'));
  const forward = progress.filter((line) => !undone.includes(line));
  if (phase !== 'undoing' && !(phase === 'ended' && outcome !== 'released')) return lines(forward);
  const reached = forward.filter((line) => line.state !== 'waiting');
  const back = undone.length > 0 ? `### The way back\n\n${lines(undone)}\n\n` : '';
  return `${back}### The way there\n\n${lines(reached)}`;
}

/** The headline has the whole. */
function shortOf(because: string): string {
  return because.length > BECAUSE_TWICE ? 'as said above' : because;
}

function lines(progress: readonly Progress[]): string {
  return table(
    ['', 'step', 'at (UTC)', 'took', ''],
    progress.map((line) => [
      ICONS[line.state],
      text(titleOf(line)),
      line.startedAt ? time(line.startedAt) : '',
      took(line),
      line.state === 'running' ? '' : text(line.because),
    ]),
  );
}

/** A file's name alone does not say which kind of migration it is. */
function titleOf({ name, title }: Progress): string {
  const kind = /^(expand|contract)-\d+$/.exec(name)?.[1];
  return kind ? `${kind} ${title}` : title;
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
