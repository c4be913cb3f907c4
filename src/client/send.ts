import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { Decision, SignalName, SignalPayload } from '../../workflows/messages.ts';
import { ShiplockError } from '../errors.ts';
import { type Chain, type Execution, lastWords, newestRun } from './execution.ts';
import { explain } from './faults.ts';
import { query } from './query.ts';
import { queryDeadlineOf, RPC_DEADLINE_MS, type Session, within } from './session.ts';

export interface SendOptions {
  /** The release meant; a later one under the same id does not get the message. Default: the open one. */
  readonly chain?: Chain;
  /** How long to wait for the answer. Default 10 s. */
  readonly timeoutMs?: number;
}

/** Between two looks for the answer. */
const LOOK_MS = 100;
/** A release that is carried into a new run under our hands is found again this often. */
const ATTEMPTS = 3;

/**
 * Sends one message and reads back what the release decided about it. The payload is sent as given: in an approval,
 * `step` has to be the token that the approving person saw.
 *
 * Fails with `SHIPLOCK_RELEASE_ENDED` where nobody is left to decide, and with `SHIPLOCK_DECISION_UNKNOWN` where no
 * answer came in time: the message then stands in the history and will be decided when a worker comes.
 */
export async function send(
  session: Session,
  id: string,
  signal: SignalName,
  payload: Omit<SignalPayload, 'id'> = {},
  options: SendOptions = {},
): Promise<Decision> {
  if (signal === 'approve' && !payload.step) throw stepRequired(id);
  const message: SignalPayload = { ...payload, id: randomUUID().slice(0, 13) };
  const execution = await deliver(session, id, signal, message, options.chain);
  return answerTo(session, execution, signal, message, options.timeoutMs ?? 10_000);
}

async function deliver(
  session: Session,
  id: string,
  signal: SignalName,
  message: SignalPayload,
  chain: Chain | undefined,
): Promise<Execution> {
  for (let attempt = 1; ; attempt++) {
    const execution = await newestRun(session, id, chain);
    if (execution.state !== 'running' && execution.state !== 'continued') throw ended(execution, signal);
    try {
      const handle = session.client.workflow.getHandle(id, execution.runId);
      await within(session, RPC_DEADLINE_MS, () => handle.signal<[SignalPayload]>(signal, message));
      return execution;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError) || attempt === ATTEMPTS) throw explain(error, session, id);
    }
  }
}

async function answerTo(
  session: Session,
  sentTo: Execution,
  signal: SignalName,
  { id }: SignalPayload,
  timeoutMs: number,
): Promise<Decision> {
  const giveUpAt = Date.now() + timeoutMs;
  let because = 'the release has not looked at it yet';
  let execution = sentTo;
  while (Date.now() < giveUpAt) {
    const deadlineMs = Math.min(queryDeadlineOf(session), giveUpAt - Date.now());
    const answer = await query<Decision | null>(session, { ...execution, deadlineMs }, 'decision', id);
    if (answer.answered && answer.value) return answer.value;
    if (!answer.answered) because = answer.because;
    execution = await newestRun(session, sentTo.id, sentTo);
    if (execution.state !== 'running' && execution.state !== 'continued') {
      const decided = (await lastWords(session, execution)).status?.decisions.find((decision) => decision.id === id);
      if (decided) return decided;
      throw ended(execution, signal);
    }
    await delay(LOOK_MS);
  }
  throw new ShiplockError({
    code: 'SHIPLOCK_DECISION_UNKNOWN',
    message: `${signal} was sent to ${sentTo.id}, but no answer came within ${timeoutMs / 1000} s: ${because}`,
    mend: `it is kept and will be decided; look with \`shiplock get ${sentTo.id}\``,
  });
}

function ended({ id, closedAt, version }: Execution, signal: SignalName): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_RELEASE_ENDED',
    message: `${signal} came too late: release ${id}${version ? ` of ${version}` : ''} ended${closedAt ? ` at ${closedAt}` : ''}`,
    mend: `see how it ended with \`shiplock get ${id}\``,
  });
}

function stepRequired(id: string): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_STEP_REQUIRED',
    message: `an approval of ${id} must name the step it approves`,
    mend: `send the token that \`shiplock get ${id}\` shows, for example --step promotion@1a2b3c4d`,
  });
}
