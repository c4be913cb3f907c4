/** What somebody might change in a history, and how a reader must hear of it although the manifest was remade. */
import { activityOf, changePayload, type Json } from './alter.ts';

export interface Forgery {
  readonly what: string;
  /** The words in which the report names it. */
  readonly named: RegExp;
  /** Where what was changed is an input to the workflow, only what follows from it can be named. */
  readonly namedByConsequence?: true;
  find(event: Json, events: Json[]): boolean;
  change(event: Json): void;
}

export const FORGERIES: readonly Forgery[] = [
  {
    what: 'the raw answer of a reading whose verdict stays the same',
    named: /reading of success-rate/,
    find: (event, events) => isResultOf('measure', event, events) && readingOf(event).query.includes('rate('),
    change: (event) =>
      changePayload(event.activityTaskCompletedEventAttributes.result, (reading) => {
        reading.raw = reading.raw.replace('"0.999"', '"0.998"');
      }),
  },
  {
    what: 'the raw answer of a reading whose verdict turns',
    named: /reading of success-rate/,
    find: (event, events) => isResultOf('measure', event, events) && readingOf(event).query.includes('rate('),
    change: (event) =>
      changePayload(event.activityTaskCompletedEventAttributes.result, (reading) => {
        reading.raw = reading.raw.replace('"0.999"', '"NaN"');
      }),
  },
  {
    what: 'the time of a reading',
    named: /reading of/,
    find: (event, events) => isResultOf('measure', event, events),
    change: (event) =>
      changePayload(event.activityTaskCompletedEventAttributes.result, (reading) => {
        reading.at = '2026-01-01T00:00:00.000Z';
      }),
  },
  {
    what: 'the duration of a timer',
    named: /timer \(step-2/,
    find: (event) => event.timerStartedEventAttributes !== undefined && summaryIncludes(event, 'step-2'),
    change: (event) => {
      event.timerStartedEventAttributes.startToFireTimeout = '9s';
    },
  },
  {
    what: 'the weights that were asked for',
    named: /input of activity setWeights/,
    find: (event, events) => event.activityTaskScheduledEventAttributes && activityOf(event, events) === 'setWeights',
    change: (event) =>
      changePayload(event.activityTaskScheduledEventAttributes.input, (request) => {
        request.weights = { '1.0.0': 99, '1.1.0': 1 };
      }),
  },
  {
    what: 'the plan that the release was given',
    named: /input of the release/,
    find: (event) => event.eventId === '1',
    change: (event) =>
      changePayload(event.workflowExecutionStartedEventAttributes.input, ({ plan }) => {
        plan.promotion.approval.notStarter = true;
      }),
  },
  {
    what: 'who started the release',
    named: /input of the release/,
    find: (event) => event.eventId === '1',
    change: (event) => {
      event.workflowExecutionStartedEventAttributes.identity = 'somebody else';
    },
  },
  {
    what: 'who approved',
    named: /signal approve/,
    find: (event) => event.workflowExecutionSignaledEventAttributes !== undefined,
    change: (event) => {
      event.workflowExecutionSignaledEventAttributes.identity = 'mallory';
    },
  },
  {
    what: 'what an approver wrote',
    named: /outcome of the release\).*I had my doubts.*/,
    namedByConsequence: true,
    find: (event) => event.workflowExecutionSignaledEventAttributes !== undefined,
    change: (event) =>
      changePayload(event.workflowExecutionSignaledEventAttributes.input, (payload) => {
        payload.comment = 'I had my doubts';
      }),
  },
  {
    what: 'the outcome',
    named: /outcome of the release/,
    find: (event) => event.workflowExecutionCompletedEventAttributes !== undefined,
    change: (event) =>
      changePayload(event.workflowExecutionCompletedEventAttributes.result, (status) => {
        status.because = 'it was fine';
      }),
  },
  {
    what: 'a search attribute',
    named: /search attributes/,
    find: (event) =>
      event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes.indexedFields.ShiplockOutcome,
    change: (event) => {
      const { indexedFields } = event.upsertWorkflowSearchAttributesEventAttributes.searchAttributes;
      indexedFields.ShiplockOutcome.data = Buffer.from('"rolledBack"').toString('base64');
    },
  },
];

function isResultOf(type: string, event: Json, events: Json[]): boolean {
  return event.activityTaskCompletedEventAttributes !== undefined && activityOf(event, events) === type;
}

function readingOf(event: Json): Json {
  const [payload] = event.activityTaskCompletedEventAttributes.result.payloads;
  return JSON.parse(Buffer.from(payload.data, 'base64').toString());
}

export function summaryIncludes(event: Json, text: string): boolean {
  return Buffer.from(event.userMetadata?.summary?.data ?? '', 'base64')
    .toString()
    .includes(text);
}
