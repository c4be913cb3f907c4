/**
 * Messages from people. Handlers only append; one reducer takes what has arrived, abort first, and decides.
 * Nothing that anybody sends can throw here.
 */
import {
  CancellationScope,
  condition,
  defineQuery,
  patched,
  setDefaultSignalHandler,
  setHandler,
} from '@temporalio/workflow';
import type { Attestation } from '../activities/attestation/port.ts';
import { type ApprovalPlan, TRUST_LEVELS } from '../src/plan/plan.ts';
import { attesting } from './activities.ts';
import type { Release } from './control.ts';
import { decide, type Effect, needsPerson, rank, readPayload, type Situation } from './decide.ts';
import type { Decision, ReleaseStatus } from './messages.ts';
import { usersAreBack } from './saga.ts';
import { shown } from './shown.ts';
import { DECISIONS_KEPT, isRamping, type ReleaseState, statusOf } from './state.ts';
import { RAMP, tokenOf } from './token.ts';

interface Received {
  readonly signal: string;
  readonly payload: unknown;
  readonly id: string;
  readonly at: string;
  /** Which signal of this name in this run; `null` for a cancel request, which is no signal. */
  readonly nth: number | null;
  /** Set once history was asked who sent it. */
  readonly by?: Attestation;
}

export interface Inbox {
  receive(signal: string, payload: unknown): void;
  idle(): boolean;
  listen(release: Release): void;
}

/** `receive` appends; `listen` registers queries and handlers and starts the reducer. */
export function openInbox(state: ReleaseState): Inbox {
  const received: Received[] = [];
  const counts = new Map<string, number>();
  let attesting = 0;

  const receive = (signal: string, payload: unknown): void => {
    const nth = counts.get(signal) ?? 0;
    counts.set(signal, nth + 1);
    state.received += 1;
    received.push({ signal, payload, id: idOf(payload) ?? `signal-${state.received}`, nth, at: now() });
  };

  const attested = (message: Received, then: (attested: Received) => void, turn: Promise<unknown> | null): void => {
    attesting += 1;
    void (turn ? turn.then(() => attest(message)) : attest(message)).then((known) => {
      attesting -= 1;
      then(known);
    });
  };

  const listen = (release: Release): void => {
    setDefaultSignalHandler(receive);
    answerQueries(release);
    CancellationScope.current().cancelRequested.catch(() => {
      received.push({ signal: 'abort', payload: { reason: 'cancel requested' }, id: CANCEL_ID, nth: null, at: now() });
    });
    void CancellationScope.nonCancellable(async () => {
      for (;;) {
        await condition(() => received.length > 0);
        const batch = received.splice(0).sort((a, b) => rank(a.signal) - rank(b.signal));
        for (const message of batch) {
          const open = consider(release, message);
          if (open === 'decideAgain') attested(message, (known) => received.push(known), null);
          if (open === 'nameLater') attested(message, (known) => name(release, known), turnToAsk(release));
        }
        release.changed();
      }
    });
  };

  return { receive, listen, idle: () => received.length === 0 && attesting === 0 };
}

function answerQueries({ plan, state }: Release): void {
  setHandler(defineQuery<ReleaseStatus>('status'), () => statusOf(plan, state), { description: 'The whole state.' });
  setHandler(defineQuery('plan'), () => plan, { description: 'What this release does.' });
  setHandler(
    defineQuery<Decision | null, [string?]>('decision'),
    (id) => state.decisions.findLast((decision) => decision.id === id) ?? null,
    { description: 'The answer to the message with this "id".' },
  );
}

function now(): string {
  return new Date().toISOString();
}

/**
 * Decides on one message. `decideAgain`: it needs a person behind it, so history is asked first. `nameLater`: it
 * took effect at once, and who sent it is added when history has answered.
 */
function consider(release: Release, message: Received): 'done' | 'decideAgain' | 'nameLater' {
  const { state } = release;
  if (state.decisions.some(({ id, signal }) => id === message.id && signal === message.signal)) return 'done';
  const verdict = decide(situationOf(release), message);
  if (!verdict.accepted) {
    record(release, message, verdict);
    return 'done';
  }
  if (needsPerson(message.signal) && !message.by && !isOpenToAll(release, message)) return 'decideAgain';
  const problem = message.by ? personProblem(release, message.signal, message.by) : null;
  if (problem) {
    record(release, message, { accepted: false, because: problem });
    return 'done';
  }
  record(release, message, { accepted: true, because: apply(release, verdict.effect, message) ?? verdict.because });
  return message.by || message.nth === null ? 'done' : 'nameLater';
}

/** Where the plan asks nothing of persons, who ended its pause cannot change the answer: they are only named. */
function isOpenToAll(release: Release, { signal }: Received): boolean {
  return signal === 'promote' && approvalOf(release) === null && patched('named-later');
}

function situationOf(release: Release): Situation {
  const { state, plan } = release;
  const failing = state.metrics.find((metric) => metric.state === 'fail' || metric.state === 'error');
  // From the abort on, also before the phases have noticed: what they waited for is not to be had any more.
  const turning =
    state.goingBack !== null &&
    state.phase !== 'undoing' &&
    state.phase !== 'ended' &&
    // A contract that is being stopped is stuck, and a person may help.
    !(state.phase === 'contract' && state.waiting?.kind === 'undo');
  return {
    version: plan.version,
    phase: turning ? 'undoing' : state.phase,
    waiting: turning ? null : state.waiting,
    pausedAs: state.goingBack ? null : (state.pause?.token ?? null),
    ramp: isRamping(state) && !turning ? tokenOf(release, RAMP) : null,
    failing: failing?.metric ?? null,
  };
}

/** Carries the effect out; returns what to tell the sender where that is more than the verdict. */
function apply(release: Release, effect: Effect, message: Received): string | undefined {
  const { state, answers } = release;
  switch (effect.kind) {
    case 'abort':
      release.abort({ outcome: effect.outcome, because: effect.reason });
      return undefined;
    case 'promoteFull':
      state.promotedFully = true;
      return undefined;
    case 'pause':
      state.pauses += 1;
      state.pause = { token: `pause-${state.pauses}@${state.admission?.binding ?? 'start'}`, reason: effect.reason };
      return undefined;
    case 'resume':
      if (state.pause) answers.set(state.pause.token, { answer: 'go', reason: '' });
      state.pause = null;
      return undefined;
    case 'finalise':
      state.finalised = true;
      return undefined;
    case 'answer':
      return applyAnswer(release, effect, message);
    default:
      return effect satisfies never;
  }
}

function applyAnswer(release: Release, effect: Effect & { kind: 'answer' }, message: Received): string | undefined {
  const { state, answers } = release;
  const answer = { answer: effect.answer, reason: effect.reason };
  if (state.waiting?.kind !== 'approval' || !message.by) {
    answers.set(effect.token, answer);
    return undefined;
  }
  state.approvals.push({ token: effect.token, name: nameOf(message.by), level: message.by.level });
  const given = state.approvals.filter((approval) => approval.token === effect.token).length;
  const quorum = approvalOf(release)?.quorum ?? 1;
  if (given >= quorum) answers.set(effect.token, answer);
  return `approval ${given} of ${quorum}`;
}

/** What the plan asks of persons here: each decision has its own terms. */
function approvalOf({ state, plan }: Release): ApprovalPlan | null {
  if (state.phase === 'contract') return plan.database?.approval ?? null;
  if (state.phase === 'cutover') return plan.cutover?.approval ?? plan.promotion.approval;
  return plan.promotion.approval;
}

/** Whether this person may move the release on; the reason where not. */
function personProblem(release: Release, signal: string, by: Attestation): string | null {
  const { state } = release;
  const policy = approvalOf(release);
  if (!policy) return null;
  if (TRUST_LEVELS.indexOf(by.level) < TRUST_LEVELS.indexOf(policy.requires)) {
    return `the sender is ${by.level}; the plan requires ${policy.requires}`;
  }
  if (signal !== 'approve') return null;
  const name = nameOf(by);
  if (policy.notStarter && (by.level === 'anonymous' || name === starterOf(release))) {
    return by.level === 'anonymous'
      ? 'nobody approves what they started, and an anonymous sender could be the starter'
      : `${name} started this release and cannot approve it`;
  }
  if (state.waiting?.kind !== 'approval') return null;
  const token = state.waiting.token;
  if (policy.quorum > 1 && state.approvals.some((approval) => approval.token === token && approval.name === name)) {
    return `${name} has approved already`;
  }
  return null;
}

function starterOf(release: Release): string {
  const starter = release.state.admission?.startedBy;
  return starter?.principal ?? starter?.identity ?? '';
}

function nameOf(by: Attestation): string {
  return by.principal ?? (by.identity || 'anonymous');
}

/** Who set the way back going is known after this time, however long the way back takes. */
const NAMED_WITHIN_MS = 1_000;

/**
 * Reading a long history must not take from the way back what that needs: users are back first. `null`: nothing is to be
 * waited for.
 */
function turnToAsk({ state }: Release): Promise<unknown> | null {
  if (state.goingBack === null || usersAreBack(state) || !patched('named-once-users-are-back')) return null;
  return condition(() => usersAreBack(state), NAMED_WITHIN_MS, { summary: 'who turned it back: asked by then' });
}

/** Never fails: a history that cannot be read proves nobody. */
async function attest(message: Received): Promise<Received> {
  try {
    const by = await attesting(`who sent ${message.signal}`).attest({ signal: message.signal, nth: message.nth ?? 0 });
    return { ...message, by };
  } catch {
    const by: Attestation = { eventId: '', eventTime: message.at, identity: '', principal: null, level: 'anonymous' };
    return { ...message, by };
  }
}

function record(release: Release, message: Received, verdict: { accepted: boolean; because: string }): void {
  const { state } = release;
  state.decisions.push({
    id: message.id,
    signal: message.signal.slice(0, 60),
    at: message.at,
    accepted: verdict.accepted,
    because: verdict.because,
    payload: shown(message.payload),
    by: byOf(message),
  });
  state.decisions.splice(0, state.decisions.length - DECISIONS_KEPT);
}

function name(release: Release, message: Received): void {
  const { decisions } = release.state;
  const index = decisions.findIndex(({ id, signal }) => id === message.id && signal === message.signal);
  const decision = decisions[index];
  if (decision) decisions[index] = { ...decision, by: byOf(message) };
  release.changed();
}

function byOf(message: Received): Decision['by'] {
  return message.by ? { name: nameOf(message.by), level: message.by.level, eventId: message.by.eventId } : null;
}

/** Ids that messages without one get; a sender's own id never stands in for them. */
const CANCEL_ID = 'cancel';
const OWN_IDS = /^(cancel|signal-\d+)$/;

function idOf(payload: unknown): string | undefined {
  const read = readPayload(payload);
  const id = 'payload' in read ? read.payload.id : undefined;
  return id && !OWN_IDS.test(id) ? id : undefined;
}
