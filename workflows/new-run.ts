/** Carries a release on in a new run, before its history is as long as the server lets one be. */
import { condition, continueAsNew, patched, workflowInfo } from '@temporalio/workflow';
import type { Release } from './control.ts';
import type { ReleaseInput } from './messages.ts';
import { told } from './tell.ts';

/** Below the server's own suggestion (4,096), so that a step's events still fit. */
const EVENTS_PER_RUN = 2_000;
/**
 * Readings that go on beside a wait make events for as long as it lasts, and the server ends a run of 51,200 events or
 * 50 MiB. So many times as many events as above, or bytes, end a run within a wait: where the server begins to warn.
 */
const TIMES_WITHIN_A_WAIT = 5;
const BYTES_WITHIN_A_WAIT = 10 * 1024 * 1024;

/** Between two steps, where nothing is under way. */
export function isLong({ input }: Release): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return historyLength >= (input.eventsPerRun ?? EVENTS_PER_RUN) || continueAsNewSuggested;
}

/** So long that it cannot wait for the end of what is being waited for. */
export function isTooLong({ input, state }: Release): boolean {
  const { historyLength, historySize } = workflowInfo();
  const most = TIMES_WITHIN_A_WAIT * (input.eventsPerRun ?? EVENTS_PER_RUN);
  if (state.goingBack || (historyLength < most && historySize < BYTES_WITHIN_A_WAIT)) return false;
  return patched('new-run-within-a-wait');
}

/** Ends this run, unless the release goes back meanwhile. What is waited for is waited for on in the next one. */
export async function continueInNewRun(release: Release): Promise<void> {
  const { input, state, answers } = release;
  for (const { settle } of release.background.values()) await settle();
  await condition(() => release.idle());
  await told(release);
  if (state.goingBack) return;
  const resume = {
    ...state,
    continued: state.continued + 1,
    ...(answers.size > 0 ? { answers: [...answers] } : {}),
  };
  await continueAsNew<(input: ReleaseInput) => Promise<unknown>>({ ...input, resume });
}
