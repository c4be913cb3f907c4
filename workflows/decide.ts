/**
 * The one decision function: what a message means in the situation it arrives in. Pure; nothing it is given can
 * make it throw.
 */
import { type Phase, SIGNALS, type SignalName, type SignalPayload, type Waiting } from './messages.ts';

/** What a decision depends on. */
export interface Situation {
  readonly version: string;
  readonly phase: Phase;
  readonly waiting: Waiting | null;
  /** The token of a pause that was asked for and not yet ended. */
  readonly pausedAs: string | null;
  /** The ramp's token while its steps are under way, so that the rest of it can be promoted at once. */
  readonly ramp: string | null;
  /** The metric that fails, where one does. */
  readonly failing: string | null;
}

export interface Message {
  readonly signal: string;
  readonly payload: unknown;
}

export type Effect =
  | { readonly kind: 'abort'; readonly outcome: 'rolledBack' | 'rejected'; readonly reason: string }
  | {
      readonly kind: 'answer';
      readonly token: string;
      readonly answer: 'go' | 'retry' | 'skip';
      readonly reason: string;
    }
  | { readonly kind: 'promoteFull'; readonly reason: string }
  | { readonly kind: 'pause'; readonly reason: string }
  | { readonly kind: 'resume' }
  | { readonly kind: 'finalise' };

export type Verdict =
  | { readonly accepted: true; readonly because: string; readonly effect: Effect }
  | { readonly accepted: false; readonly because: string };

/** Abort before reject before pause before the rest; within one rank, as they came. */
export function rank(signal: string): number {
  const order = ['abort', 'reject', 'pause'].indexOf(signal);
  return order === -1 ? 3 : order;
}

/** Messages that move a release on count only with a person behind them: history is asked who sent them. */
export function needsPerson(signal: string): boolean {
  return ['approve', 'promote', 'promoteFull', 'resume', 'retry', 'skip'].includes(signal);
}

const FIELDS = ['step', 'act', 'version', 'reason', 'comment', 'id'] as const;
const MAXIMUM_FIELD_LENGTH = 500;

/** Reads the one optional JSON object that a signal carries. */
export function readPayload(payload: unknown): { payload: SignalPayload } | { problem: string } {
  if (payload === undefined || payload === null) return { payload: {} };
  if (typeof payload !== 'object' || Array.isArray(payload)) {
    return { problem: 'the input must be one JSON object, for example {"reason":"why"}' };
  }
  const read: Record<string, string> = {};
  for (const [field, value] of Object.entries(payload)) {
    if (!(FIELDS as readonly string[]).includes(field)) {
      return { problem: `unknown field "${field.slice(0, 40)}"; known are ${FIELDS.join(', ')}` };
    }
    if (typeof value !== 'string') return { problem: `field "${field}" must be a string` };
    if (value.length > MAXIMUM_FIELD_LENGTH) {
      return { problem: `field "${field}" is longer than ${MAXIMUM_FIELD_LENGTH} characters` };
    }
    read[field] = value;
  }
  return { payload: read };
}

const FORWARD: readonly Phase[] = [
  'admission',
  'gates',
  'image',
  'configuration',
  'expand',
  'canary',
  'promotion',
  'cutover',
  'flags',
  'validation',
];

export function decide(situation: Situation, message: Message): Verdict {
  if (!(SIGNALS as readonly string[]).includes(message.signal)) {
    return refused(`there is no signal "${message.signal.slice(0, 60)}"; known are ${SIGNALS.join(', ')}`);
  }
  const read = readPayload(message.payload);
  if ('problem' in read) return refused(read.problem);
  if (situation.phase === 'ended') return refused('the release has ended');
  return judge(situation, message.signal as SignalName, read.payload);
}

function judge(situation: Situation, signal: SignalName, payload: SignalPayload): Verdict {
  switch (signal) {
    case 'abort':
      if (situation.phase === 'undoing') return refused('the release is already going back');
      if (situation.phase === 'cleanup') return refused('the window is closed: the old side is being removed');
      if (situation.waiting?.kind === 'contract')
        return refused('the contract is stopped already; answer what is asked');
      return accepted(`abort: ${payload.reason ?? 'no reason given'}`, {
        kind: 'abort',
        outcome: 'rolledBack',
        reason: payload.reason ?? 'aborted without a reason',
      });
    case 'reject':
      return answering(situation, signal, payload.step, ['approval', 'inconclusive'], () => ({
        kind: 'abort',
        outcome: 'rejected',
        reason: payload.comment ?? 'rejected without a comment',
      }));
    case 'approve':
      return answering(situation, signal, payload.step, ['approval', 'inconclusive'], (waiting) => ({
        kind: 'answer',
        token: waiting.token,
        answer: 'go',
        reason: payload.comment ?? '',
      }));
    case 'promote':
      return answering(situation, signal, payload.step, ['pause'], (waiting) => ({
        kind: 'answer',
        token: waiting.token,
        answer: 'go',
        reason: payload.comment ?? '',
      }));
    case 'promoteFull':
      return judgePromoteFull(situation, payload);
    case 'pause':
      if (!FORWARD.includes(situation.phase)) return refused(`there is nothing to pause in phase ${situation.phase}`);
      if (situation.pausedAs) return refused(`it is already paused; resume with {"step":"${situation.pausedAs}"}`);
      return accepted('stops at the next safe point', {
        kind: 'pause',
        reason: payload.reason ?? 'no reason given',
      });
    case 'resume':
      if (!situation.pausedAs) return refused('it is not paused');
      if (payload.step !== situation.pausedAs) return refused(misnamed('step', payload.step, situation.pausedAs));
      return accepted('goes on', { kind: 'resume' });
    case 'retry':
    case 'skip':
      if (signal === 'skip' && situation.waiting?.kind === 'gate') return refused('a gate cannot be skipped');
      if (signal === 'skip' && !payload.reason) return refused('skip needs a "reason"');
      return answering(situation, signal, payload.act, ['gate', 'undo', 'contract'], (waiting) => ({
        kind: 'answer',
        token: waiting.token,
        answer: signal,
        reason: payload.reason ?? '',
      }));
    case 'finalise':
      if (situation.phase !== 'window') return refused('there is no window to end');
      return accepted('the window ends', { kind: 'finalise' });
    default:
      return signal satisfies never;
  }
}

function judgePromoteFull(situation: Situation, payload: SignalPayload): Verdict {
  const { ramp, version } = situation;
  if (!ramp) return refused(`there is no ramp to finish in phase ${situation.phase}`);
  if (payload.step !== undefined && payload.step !== ramp) return refused(misnamed('step', payload.step, ramp));
  if (payload.version !== version && (payload.version !== undefined || payload.step === undefined)) {
    return refused(misnamed('version', payload.version, version));
  }
  if (!payload.reason) return refused('promoteFull needs a "reason"');
  if (situation.failing) return refused(`the analysis of ${situation.failing} is failing`);
  return accepted('the rest of the ramp is skipped', { kind: 'promoteFull', reason: payload.reason });
}

/** A message that answers what is waited for must name it: a late or foreign one never answers the next question. */
function answering(
  situation: Situation,
  signal: SignalName,
  token: string | undefined,
  kinds: readonly Waiting['kind'][],
  effect: (waiting: Waiting) => Effect,
): Verdict {
  const waiting = situation.waiting;
  if (!waiting || !kinds.includes(waiting.kind) || !waiting.accepts.includes(signal)) {
    return refused(`nothing waits for ${signal} now`);
  }
  if (token !== waiting.token) return refused(misnamed(tokenField(signal), token, waiting.token));
  return accepted(`${signal} of ${waiting.token}`, effect(waiting));
}

export function tokenField(signal: string): 'step' | 'act' {
  return signal === 'retry' || signal === 'skip' ? 'act' : 'step';
}

function misnamed(field: string, given: string | undefined, expected: string): string {
  const asked = given === undefined ? `"${field}" is missing` : `"${given.slice(0, 60)}" is not what is asked for`;
  return `${asked}; send {"${field}":"${expected}"}`;
}

function accepted(because: string, effect: Effect): Verdict {
  return { accepted: true, because, effect };
}

function refused(because: string): Verdict {
  return { accepted: false, because };
}
