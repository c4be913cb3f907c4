import type { Decision, ReleaseStatus, SignalName, Waiting } from '../../../workflows/messages.ts';
import { effectOf } from '../../../workflows/offers.ts';
import { type Span, span } from '../paint.ts';
import { gateLogs } from './gate-log.ts';
import { at } from './header.ts';
import { ICONS, lasting, waitingLook, wholeSeconds } from './model.ts';

/** Messages shown; the rest stands in the history. */
const DECISIONS_SHOWN = 4;

/** The lines below the tree: what it waits for, how to answer, and what became of messages. */
export function footerOf(status: ReleaseStatus, now: Date): Span[][] {
  const waiting = status.waiting ? [[], ...waitingLines(status, status.waiting, now)] : [];
  const decisions = status.decisions.slice(-DECISIONS_SHOWN).map(decisionLine);
  const logs = gateLogs(null, status);
  return [
    ...(logs.length > 0 ? [[], ...logs] : []),
    ...waiting,
    ...(decisions.length > 0 ? [[], [span('Messages', 'quiet')], ...decisions] : []),
  ];
}

function waitingLines(status: ReleaseStatus, waiting: Waiting, now: Date): Span[][] {
  const { icon, tone } = waitingLook(waiting);
  return [
    [span(`${icon} ${waiting.prompt}`, tone)],
    ...answersTo(status, waiting).map(({ command, effect }) => [
      span(`  ${command}`, 'strong'),
      ...(effect ? [span(`  ${effect}`, 'quiet')] : []),
    ]),
    [span(`  ${deadlineOf(waiting, now)}`, 'quiet')],
  ];
}

/** The commands that answer, each with what it does, and in the window the way back. */
export function answersTo(status: ReleaseStatus, { kind, accepts }: Waiting): { command: string; effect: string }[] {
  const more = kind === 'window' && !accepts.includes('abort') ? (['abort'] as const) : [];
  return [...accepts, ...more].map((signal) => ({
    command: commandFor(status, signal),
    effect: signal === 'abort' ? 'Go back now.' : effectOf(signal, status),
  }));
}

/** When a wait ends by itself, and how. */
export function deadlineOf({ deadline, consequence }: Waiting, now: Date): string {
  if (!deadline) return `no deadline; it ${consequence}`;
  const left = Date.parse(deadline) - now.getTime();
  return `until ${at(deadline)}${left > 0 ? ` (in ${lasting(wholeSeconds(left))})` : ''}, then it ${consequence}`;
}

/** The command that answers what is waited for, bound to it. */
export function commandFor({ environment, service, version, waiting }: ReleaseStatus, signal: SignalName): string {
  const target = `${environment}/${service}`;
  const token = waiting?.token ?? '';
  switch (signal) {
    case 'approve':
    case 'reject':
    case 'promote':
    case 'resume':
      return `shiplock ${signal} ${target} --step ${token}`;
    case 'retry':
      return `shiplock retry ${target} --act ${token}`;
    case 'skip':
      return `shiplock skip ${target} --act ${token} --reason WHY`;
    case 'promoteFull':
      return `shiplock promote-full ${target} --version ${version} --reason WHY`;
    case 'abort':
    case 'pause':
      return `shiplock ${signal} ${target} --reason WHY`;
    case 'finalise':
      return `shiplock finalise ${target}`;
    default:
      return signal satisfies never;
  }
}

export function decisionLine({ signal, accepted, because, by, at: time }: Decision): Span[] {
  const who = by ? ` by ${by.name} (${by.level})` : '';
  return [
    span(accepted ? `${ICONS.done} ` : `${ICONS.failed} `, accepted ? 'good' : 'bad'),
    span(`${signal}${who} ${accepted ? 'accepted' : 'refused'}: ${because}`),
    span(`  ${at(time)}`, 'quiet'),
  ];
}
