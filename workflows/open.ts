/** Puts a release in motion: its state, the scope its phases run in, and what it tells the world about itself. */
import { CancellationScope, condition, log, metricMeter, patched, workflowInfo } from '@temporalio/workflow';
import type { Plan } from '../src/plan/plan.ts';
import type { Release } from './control.ts';
import { openInbox } from './inbox.ts';
import type { Outcome, ReleaseInput, ReleaseResult } from './messages.ts';
import { publish } from './publish.ts';
import { openState, type ReleaseState, statusOf } from './state.ts';
import { tell, told } from './tell.ts';
import { witness } from './witness.ts';

/** Sets every handler before the workflow first waits. */
export function open(input: ReleaseInput): Release {
  const info = workflowInfo();
  const state =
    (input.resume as ReleaseState | undefined) ??
    openState(input.plan, {
      id: info.workflowId,
      firstRunId: info.firstExecutionRunId,
      startedAt: info.startTime.toISOString(),
    });

  const { answers } = state;
  delete state.answers;

  let scope: CancellationScope | undefined;
  const inbox = openInbox(state);
  const release: Release = {
    input,
    plan: input.plan,
    state,
    answers: new Map(answers),
    background: new Map(),
    ...inbox,
    changed: () => show(release),
    goForward: (phases) => {
      scope = new CancellationScope();
      return scope.run(phases);
    },
    abort: (reason) => {
      if (state.goingBack) return;
      state.goingBack = reason;
      state.fence += 1;
      log.info('going back', { because: reason.because });
      scope?.cancel();
      release.changed();
    },
    end: () => end(release),
  };
  witness(() => statusOf(input.plan, state));
  publish(release);
  inbox.listen(release);
  return release;
}

/** Telling is not doing: a page that cannot be written holds nothing up. Only at the door it tells what is no plan. */
function show(release: Release): void {
  try {
    tell(release);
    publish(release);
  } catch (error) {
    log.warn('the page could not be written', { because: error instanceof Error ? error.message : String(error) });
  }
}

async function end(release: Release): Promise<ReleaseResult> {
  const { state, plan } = release;
  state.phase = 'ended';
  state.waiting = null;
  release.changed();
  countOutcome(plan, state.outcome);
  await named(release);
  await told(release);
  return statusOf(plan, state);
}

/** The last status, which the archive keeps, says who sent what. History that cannot be read is given up after a while. */
async function named({ idle }: Release): Promise<void> {
  if (!idle() && patched('named-before-the-end')) await condition(idle);
}

/** Failures of the benign category are not counted by Temporal's own metrics; alerts read this one. */
function countOutcome(plan: Plan, outcome: Outcome | null): void {
  metricMeter
    .createCounter('shiplock_release_outcomes_total', 'releases', 'ended releases by outcome')
    .add(1, { service: plan.service, environment: plan.environment, outcome: outcome ?? 'error' });
}
