/** What a restart shows of itself: the query, the page in the UI, and the search attributes of lists. */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { defineQuery, setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import { prose, table, text, utc } from './markdown.ts';
import { SEARCH_ATTRIBUTES } from './messages.ts';
import type { RestartStatus } from './restart-messages.ts';

export interface Shown {
  status(): RestartStatus;
  change(changes: Partial<RestartStatus>): void;
}

/** Sets the query's handler before the workflow first waits. */
export function showRestart(first: RestartStatus): Shown {
  let status = first;
  let last = '';
  const show = (): void => {
    // Each upsert is an event of history, so only what changed is sent.
    const attributes = attributesOf(status);
    if (JSON.stringify(attributes) !== last) upsertSearchAttributes(attributes.map(keyword));
    last = JSON.stringify(attributes);
    setCurrentDetails(restartPage(status));
  };
  setHandler(defineQuery<RestartStatus>('status'), () => status, { description: 'The whole state of the restart.' });
  show();
  return {
    status: () => status,
    change: (changes) => {
      status = { ...status, ...changes };
      show();
    },
  };
}

type Attribute = readonly [name: string, value: string | null];

function attributesOf({ service, environment, outcome, waitsFor }: RestartStatus): readonly Attribute[] {
  return [
    [SEARCH_ATTRIBUTES.service, service],
    [SEARCH_ATTRIBUTES.environment, environment],
    [SEARCH_ATTRIBUTES.phase, outcome === null ? 'restarting' : 'ended'],
    [SEARCH_ATTRIBUTES.outcome, outcome],
    [SEARCH_ATTRIBUTES.waitingFor, waitsFor === 'disruptionBudget' ? waitsFor : null],
  ];
}

function keyword([name, value]: Attribute) {
  return { key: defineSearchAttributeKey(name, SearchAttributeType.KEYWORD), value };
}

function restartPage(status: RestartStatus): string {
  const { service, environment, outcome, because, reason, startedBy, startedAt, deadline, pods, replaced } = status;
  const rows = [
    ['Pods', pods === 0 ? 'not counted yet, or by their own controller' : `${replaced} of ${pods} are replaced`],
    ['Why', text(reason) || 'no reason was given'],
    ['Asked for by', text(startedBy ?? 'not known yet')],
    ['Since', utc(startedAt)],
    ['At the latest', `${utc(deadline)}: then it ends, and what is restarted stays`],
  ];
  return [
    `## Restart of ${text(service)} in ${text(environment)}: ${outcome ?? waitOf(status)}`,
    prose(because),
    table(['', ''], rows),
    outcome === null ? 'To end it before: **Request Cancellation**. No further pod is evicted then.' : '',
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function waitOf({ waitsFor }: RestartStatus): string {
  switch (waitsFor) {
    case null:
      return 'begins';
    case 'replacements':
      return 'going on';
    case 'disruptionBudget':
      return 'waits for a PodDisruptionBudget';
    default:
      return waitsFor satisfies never;
  }
}
