import { mismatches } from './compare.ts';
import { type Finding, findingAt } from './difference.ts';
import type { ArchivedRun } from './find.ts';
import { decodeAll } from './history.ts';

/** Beyond these the first ones say it all. */
const NAMED = 10;

/** The runs of one release, first run first. */
export type Chain = readonly ArchivedRun[];

/** Groups runs into releases: a run that was continued as new is followed by its next. */
export function chainsOf(runs: readonly ArchivedRun[]): Chain[] {
  const chains = new Map<string, ArchivedRun[]>();
  for (const run of runs) {
    const first = run.history.events[0]?.workflowExecutionStartedEventAttributes?.firstExecutionRunId ?? run.runId;
    chains.set(first, [...(chains.get(first) ?? []), run]);
  }
  return [...chains.values()];
}

/** A continued run begins with exactly what the run before it handed over; and no run between is missing. */
export function checkChain(chain: Chain): Map<ArchivedRun, Finding[]> {
  const found = chain.slice(1).map((run, index): [ArchivedRun, Finding[]] => {
    const before = chain[index];
    return [run, before ? checkHandover(before, run) : []];
  });
  return new Map(found);
}

function checkHandover(before: ArchivedRun, run: ArchivedRun): Finding[] {
  const { history } = run;
  const start = history.events[0];
  const handed = before.history.events.at(-1)?.workflowExecutionContinuedAsNewEventAttributes;
  if (!start) return [];
  if (!handed || handed.newExecutionRunId !== run.runId) {
    const from = start.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
    const because = `it continues run ${from}, which is not here`;
    return [findingAt('chain', start, history, because)];
  }
  const given = decodeAll(start.workflowExecutionStartedEventAttributes?.input);
  return mismatches(given, decodeAll(handed.input))
    .slice(0, NAMED)
    .map(({ path, recorded, recomputed }) =>
      findingAt('chain', start, history, 'the run before handed over another', { path, recorded, recomputed }),
    );
}
