import { RELEASE_WORKFLOW, type ReleaseInput, releaseId } from '../../workflows/messages.ts';
import type { Plan } from '../plan/plan.ts';
import type { Problem } from '../plan/problem.ts';
import { askedBefore } from './asked.ts';
import { begin } from './begin.ts';
import { assertFree, busy, makeRoom } from './busy.ts';
import { enqueue, type Place } from './lane.ts';
import { type CompiledPlan, compilePlan, type PlanOptions } from './plan.ts';
import type { Session } from './session.ts';
import { startAttributes, startWords } from './words.ts';

/** What to do while another release of the same service is open in the same environment. */
export type IfBusy =
  /** Refuse, saying who is at it (default). */
  | 'fail'
  /** Take a place in the durable queue of that service and environment. */
  | 'wait'
  /** Abort the open one, and start once it has gone back. */
  | 'supersede';

export interface StartOptions extends PlanOptions {
  readonly ifBusy?: IfBusy;
  /** Where gates and configuration run; default `shiplock-build`. */
  readonly buildQueue?: string;
  /** After how many events a run is continued in a new one; default as the workflow's. */
  readonly eventsPerRun?: number;
  /**
   * Makes the start idempotent, for as long as the server keeps histories: the same id is one start, whoever sends it
   * again and however often. Parts divided by dots each name the request. Such a start goes through the lane.
   */
  readonly requestId?: string;
}

/** What is not part of the plan. */
export type StartManner = Pick<StartOptions, 'ifBusy' | 'buildQueue' | 'eventsPerRun' | 'requestId'>;

export type Started = (
  | {
      readonly kind: 'started';
      /** The release's first run: names it for `watch` and `wait`. */
      readonly firstRunId: string;
    }
  /** In the lane: it starts when its turn comes; `turn` waits for that. */
  | ({
      readonly kind: 'queued';
      /** This `requestId` was taken before; nothing was added. */
      readonly again?: boolean;
    } & Place)
) & {
  readonly id: string;
  readonly plan: Plan;
  readonly planDigest: string;
  readonly warnings: readonly Problem[];
};

/**
 * Starts a release from a release file.
 *
 * Fails, before a workflow exists, with `SHIPLOCK_PLAN_INVALID` (see `planProblems`), and with `SHIPLOCK_RELEASE_BUSY`
 * where another one is open. An open one in its window is finalised: a later start closes the window.
 */
export async function start(session: Session, options: StartOptions): Promise<Started> {
  return startPlan(session, await compilePlan(options), options);
}

/** Starts a release from a plan that is compiled already. */
export async function startPlan(
  session: Session,
  compiled: CompiledPlan,
  { ifBusy = 'fail', requestId, ...manner }: StartManner = {},
): Promise<Started> {
  const { plan, planDigest, warnings } = compiled;
  const id = releaseId(plan);
  const input: ReleaseInput = inputOf(plan, manner);
  const words = startWords(plan, planDigest, session.identity);
  const common = { id, plan, planDigest, warnings };
  if (requestId !== undefined) {
    const before = await askedBefore(session, plan, requestId);
    if (before) return { kind: 'queued', again: true, ...before, ...common };
    if (ifBusy === 'fail') await assertFree(session, plan);
    const mode = ifBusy === 'fail' ? 'wait' : ifBusy;
    return { kind: 'queued', ...(await enqueue(session, plan, { id: requestId, mode, input, ...words })), ...common };
  }
  switch (ifBusy) {
    case 'wait':
    case 'supersede':
      return { kind: 'queued', ...(await enqueue(session, plan, { mode: ifBusy, input, ...words })), ...common };
    case 'fail': {
      const first = await tryStart(session, id, input, words);
      if (first) return { kind: 'started', firstRunId: first, ...common };
      await makeRoom(session, id);
      const second = await tryStart(session, id, input, words);
      if (second) return { kind: 'started', firstRunId: second, ...common };
      throw await busy(session, id);
    }
    default:
      return ifBusy satisfies never;
  }
}

function inputOf(plan: Plan, { buildQueue, eventsPerRun }: StartManner): ReleaseInput {
  return { plan, ...(buildQueue && { buildQueue }), ...(eventsPerRun && { eventsPerRun }) };
}

function tryStart(
  session: Session,
  id: string,
  input: ReleaseInput,
  { memo, summary, details }: ReturnType<typeof startWords>,
): Promise<string | null> {
  const typedSearchAttributes = startAttributes(input.plan);
  const told = { typedSearchAttributes, memo, staticSummary: summary, staticDetails: details };
  return begin(session, { workflow: RELEASE_WORKFLOW, id, input, told });
}
