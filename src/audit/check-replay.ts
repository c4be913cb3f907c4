import type { RecomputedFact } from './commands.ts';
import { mismatches } from './compare.ts';
import { type Finding, findingAt } from './difference.ts';
import { type RecordedFact, recordedFacts } from './facts.ts';
import type { RecordedHistory } from './history.ts';
import type { Rerun } from './rerun.ts';

/** Beyond these the first ones say it all. */
const NAMED_PER_EVENT = 10;
/** What a server fills in where the workflow says nothing. */
const FILLED_IN = ['scheduleToCloseMs', 'heartbeatMs', 'retryInitialMs', 'retryMaximumMs', 'retryAttempts'];

/**
 * Compares what the release did when it was run again with what its history holds: activity types, inputs and
 * options, timers, search attributes, the input of a continued run, result or failure with the whole status.
 */
export function checkReplay(history: RecordedHistory, again: Rerun): Finding[] {
  const recomputed = new Map(again.facts.map((fact) => [fact.key, fact]));
  const recorded = recordedFacts(history);
  const found = recorded.flatMap((fact) => compare(fact, recomputed.get(fact.key), history, again));
  const known = new Set(recorded.map(({ key }) => key));
  const added = again.facts
    .filter((fact) => !known.has(fact.key) && !fact.withdrawn && wasHeard(fact, history))
    .map((fact) => absent(fact, history));
  const all = [...found, ...added.slice(0, 1)];
  return again.stopped === null ? all : [...all, stop(again, again.stopped, history)];
}

function compare(
  fact: RecordedFact,
  again: RecomputedFact | undefined,
  history: RecordedHistory,
  { stopped, lastEvent }: Rerun,
): Finding[] {
  if (!again) {
    // After it stopped nothing is computed any more; where it stopped is told once.
    if (stopped !== null && Number(fact.event.eventId) > lastEvent) return [];
    return [findingAt('replay', fact.event, history, 'computed again, the release does not do this')];
  }
  const places = mismatches(comparable(fact.value, again.value), again.value);
  return places.slice(0, NAMED_PER_EVENT).map(({ path, recorded, recomputed }) =>
    findingAt('replay', fact.event, history, 'computed again it is another', {
      what: fact.what,
      path,
      recorded,
      recomputed,
    }),
  );
}

function comparable(recorded: RecordedFact['value'], recomputed: RecomputedFact['value']): RecordedFact['value'] {
  const filledIn = FILLED_IN.filter((field) => field in recorded && recomputed[field] === null);
  return { ...recorded, ...Object.fromEntries(filledIn.map((field) => [field, null])) };
}

/** What a release did after the last event, or in a task that never completed, no server has heard of. */
function wasHeard(fact: RecomputedFact, history: RecordedHistory): boolean {
  return history.events.some(
    ({ eventId, workflowTaskCompletedEventAttributes }) =>
      workflowTaskCompletedEventAttributes !== undefined && Number(eventId) > fact.afterEvent,
  );
}

function absent(fact: RecomputedFact, history: RecordedHistory): Finding {
  const next = history.events.find(({ eventId }) => Number(eventId) > fact.afterEvent) ?? history.events.at(-1);
  const because = `computed again, the release does something here that is not recorded: ${fact.key}`;
  const finding = next && findingAt('replay', next, history, because);
  return { check: 'replay', event: null, what: fact.key, because, ...finding, recomputed: fact.value };
}

function stop({ lastEvent }: Rerun, stopped: string, history: RecordedHistory): Finding {
  const event = history.events[lastEvent - 1] ?? history.events[0];
  const because = `computed again, the release goes another way from here: ${stopped}`;
  if (!event) return { check: 'replay', event: null, what: 'history', because };
  return findingAt('replay', event, history, because);
}
