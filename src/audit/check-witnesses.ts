/**
 * A history says many things twice: who sent a signal, who started the release, which plan it is, what was measured.
 * Whoever alters one of the two is found without replaying anything.
 */
import type { Admission } from '../../activities/admission/port.ts';
import { personOf } from '../../activities/attestation/person.ts';
import type { Attestation } from '../../activities/attestation/port.ts';
import type { Reading } from '../../activities/metrics/port.ts';
import { laneId, type MetricProgress } from '../../workflows/messages.ts';
import { planDigest } from '../plan/digest.ts';
import type { Plan } from '../plan/plan.ts';
import { inputOf, planOf, statusAtEnd } from './compose.ts';
import { type Finding, findingAt } from './difference.ts';
import { evidenceOf } from './evidence.ts';
import { eventOf, READINGS } from './facts.ts';
import { decode, decodeAll, type RecordedEvent, type RecordedHistory, summaryOf } from './history.ts';

export function checkWitnesses(history: RecordedHistory): Finding[] {
  return [...checkOrder(history), ...checkSenders(history), ...checkAdmission(history), ...checkReadings(history)];
}

/** Events are numbered from 1 without gaps, in the order of the file. */
function checkOrder(history: RecordedHistory): Finding[] {
  const index = history.events.findIndex((event, index) => event.eventId !== String(index + 1));
  const event = history.events[index];
  return event ? [findingAt('witnesses', event, history, `event ${index + 1} should stand here`)] : [];
}

/** Each signal that was attested is still from the one who was attested. */
function checkSenders(history: RecordedHistory): Finding[] {
  return resultsOf<Attestation>(history, 'attest').flatMap(({ result }): Finding[] => {
    const event = eventOf(history, result.eventId);
    const sent = event?.workflowExecutionSignaledEventAttributes;
    if (!event || !sent) return [];
    const { identity, principal } = personOf({ identity: sent.identity, principal: event.principal });
    const attested = { identity: result.identity, principal: result.principal };
    if (identity === attested.identity && principal === attested.principal) return [];
    const because = `it is from ${show({ identity, principal })}, but the release was told ${show(attested)}`;
    return [findingAt('witnesses', event, history, because)];
  });
}

function checkAdmission(history: RecordedHistory): Finding[] {
  const [admitted] = resultsOf<Admission>(history, 'admit');
  const start = history.events[0];
  const started = start?.workflowExecutionStartedEventAttributes;
  if (!start || !started) return [];
  const findings: Finding[] = [];
  const digest = planDigest(planOf(history) as Plan);
  const memo = started.memo?.fields?.planDigest;
  const named = [admitted?.result.planDigest, memo && decode(memo)].filter((name) => name !== undefined);
  if (named.some((name) => name !== digest)) {
    findings.push(findingAt('witnesses', start, history, `its plan is ${digest}, but ${named[0]} was admitted`));
  }
  if (admitted && !started.continuedExecutionRunId) {
    const now = starterOf(history);
    const { startedBy } = admitted.result;
    if (now.identity !== startedBy.identity || now.principal !== startedBy.principal) {
      const because = `it is from ${show(now)}, but ${show(startedBy)} was admitted`;
      findings.push(findingAt('witnesses', start, history, because));
    }
  }
  return findings;
}

/** As admission finds it: the sender of the start, or whom the lane that started it says it was asked by. */
function starterOf(history: RecordedHistory): Admission['startedBy'] {
  const [start] = history.events;
  const started = start?.workflowExecutionStartedEventAttributes;
  const { plan, queuedBy } = inputOf(history);
  if (plan && queuedBy && started?.parentWorkflowExecution?.workflowId === laneId(plan)) return queuedBy;
  return personOf({ identity: started?.identity, principal: start?.principal });
}

/**
 * Every reading that the release says it judged is among those it was given. (Not the other way round: an answer that
 * came after an abort was never judged.)
 */
function checkReadings(history: RecordedHistory): Finding[] {
  const before = new Set(metricsAt('start', history).flatMap(evidencesOf));
  const readings = READINGS.flatMap((activity) => resultsOf<Reading>(history, activity));
  const given = readings.map((taken) => ({
    ...taken,
    evidence: evidenceOf(taken.result),
  }));
  const known = new Set(given.map(({ evidence }) => evidence));
  const metrics = metricsAt('end', history);
  const judged = new Set(metrics.flatMap(evidencesOf));
  return metrics.flatMap((metric) =>
    metric.readings
      // A reading that could not be taken is made up by the release itself.
      .filter(({ evidence, verdict }) => verdict !== 'error' && !before.has(evidence) && !known.has(evidence))
      .flatMap((reading): Finding[] => {
        const suspects = given.filter(({ scheduled, evidence }) => {
          return summaryOf(scheduled) === metric.metric && !judged.has(evidence);
        });
        const suspect = suspects.find(({ result }) => result.at === reading.at) ?? suspects[0];
        const because = `the release judged another answer (${reading.evidence}) as ${reading.verdict} ${reading.value}`;
        const event = suspect?.event ?? history.events.at(-1);
        return event ? [findingAt('witnesses', event, history, because)] : [];
      }),
  );
}

function metricsAt(where: 'start' | 'end', history: RecordedHistory): readonly MetricProgress[] {
  const event = where === 'start' ? history.events[0] : history.events.at(-1);
  const input =
    event?.workflowExecutionStartedEventAttributes?.input ??
    event?.workflowExecutionContinuedAsNewEventAttributes?.input;
  const carried = (decodeAll(input)[0] as { resume?: { metrics?: MetricProgress[] } } | undefined)?.resume;
  const status = where === 'end' ? (statusAtEnd(history) as { metrics?: MetricProgress[] } | null) : null;
  return (carried ?? status)?.metrics ?? [];
}

function evidencesOf({ readings }: MetricProgress): string[] {
  return readings.map(({ evidence }) => evidence);
}

interface Result<T> {
  readonly event: RecordedEvent;
  readonly scheduled: RecordedEvent;
  readonly result: T;
}

/** What activities of one type answered. */
function resultsOf<T>(history: RecordedHistory, type: string): Result<T>[] {
  return history.events.flatMap((event): Result<T>[] => {
    const completed = event.activityTaskCompletedEventAttributes;
    const scheduled = completed && eventOf(history, completed.scheduledEventId);
    if (scheduled?.activityTaskScheduledEventAttributes?.activityType.name !== type) return [];
    const [result] = decodeAll(completed?.result);
    return typeof result === 'object' && result !== null ? [{ event, scheduled, result: result as T }] : [];
  });
}

function show({ identity, principal }: { identity: string; principal: string | null }): string {
  return principal ?? (identity ? `"${identity}"` : 'nobody');
}
