/**
 * What a release shows of itself: the page in the UI, the search attributes of lists, and the messages that make
 * sense now with the very JSON to paste.
 */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { defineSignal, setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import type { Release } from './control.ts';
import { type ReleaseStatus, SEARCH_ATTRIBUTES, SIGNALS } from './messages.ts';
import { type Offer, offersNow } from './offers.ts';
import { renderPage } from './page.ts';
import { isRamping, statusOf } from './state.ts';
import { RAMP, tokenOf } from './token.ts';

type Shown = Record<keyof typeof SEARCH_ATTRIBUTES, string | null>;

const shown = new WeakMap<Release, { attributes: Partial<Shown>; offers: string }>();

export function publish(release: Release): void {
  const last = shown.get(release) ?? { attributes: {}, offers: '' };
  const status = statusOf(release.plan, release.state);
  const offers = offersNow(status, {
    paused: release.state.pause?.token ?? null,
    ramp: isRamping(release.state) ? tokenOf(release, RAMP) : null,
  });
  const attributes = attributesOf(status);
  upsertChanged(last.attributes, attributes);
  if (JSON.stringify(offers) !== last.offers) offer(release, offers);
  shown.set(release, { attributes, offers: JSON.stringify(offers) });
  // Last: where it cannot be written, whatever can be sent is offered all the same.
  setCurrentDetails(renderPage(status, release.plan, offers));
}

function attributesOf(status: ReleaseStatus): Shown {
  return {
    service: status.service,
    environment: status.environment,
    version: status.version,
    phase: status.phase,
    outcome: status.outcome,
    waitingFor: status.waiting?.kind ?? null,
  };
}

/** Each upsert is an event of history, so only what changed is sent. */
function upsertChanged(last: Partial<Shown>, next: Shown): void {
  const names = Object.keys(SEARCH_ATTRIBUTES) as (keyof Shown)[];
  const changed = names.filter((name) => (last[name] ?? null) !== next[name]);
  if (changed.length === 0) return;
  upsertSearchAttributes(
    changed.map((name) => ({
      key: defineSearchAttributeKey(SEARCH_ATTRIBUTES[name], SearchAttributeType.KEYWORD),
      value: next[name],
    })),
  );
}

/** The UI's dialog lists the handlers; what is not offered still arrives, through the default handler. */
function offer(release: Release, offers: readonly Offer[]): void {
  // In the order of the offers: the dialog shows handlers in the order in which they were set.
  for (const signal of SIGNALS) setHandler(defineSignal<[unknown?]>(signal), undefined);
  for (const { signal, effect, input } of offers) {
    const description = input ? `${effect} ${input}` : `${effect} No input needed.`;
    setHandler(defineSignal<[unknown?]>(signal), (payload) => release.receive(signal, payload), { description });
  }
}
