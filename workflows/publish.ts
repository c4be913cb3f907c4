/**
 * What a release shows of itself: the page in the UI, the search attributes of lists, and the messages that make
 * sense now with the very JSON to paste.
 */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { defineSignal, setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import type { Release } from './control.ts';
import { type ReleaseStatus, SEARCH_ATTRIBUTES, SIGNALS, type SignalName } from './messages.ts';
import { renderPage } from './page.ts';
import { statusOf } from './state.ts';

type Shown = Record<keyof typeof SEARCH_ATTRIBUTES, string | null>;

const shown = new WeakMap<Release, { attributes: Partial<Shown>; offers: string }>();

export function publish(release: Release): void {
  const last = shown.get(release) ?? { attributes: {}, offers: '' };
  const status = statusOf(release.plan, release.state);
  setCurrentDetails(renderPage(status, release.plan, release.state.pause?.token ?? null));
  const offers = offersNow(status, release.state.pause?.token ?? null);
  const attributes = attributesOf(status);
  upsertChanged(last.attributes, attributes);
  if (JSON.stringify(offers) !== last.offers) offer(release, offers);
  shown.set(release, { attributes, offers: JSON.stringify(offers) });
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

type Offers = Partial<Record<SignalName, string>>;

/** The signals that make sense now, each with what it does and what to paste. */
export function offersNow(status: ReleaseStatus, pausedAs: string | null): Offers {
  const { phase, waiting } = status;
  if (phase === 'ended') return {};
  const offers: Offers = {};
  if (phase !== 'undoing') offers.abort = 'Go back now. {"reason":"why"}';
  for (const signal of waiting?.accepts ?? []) {
    const field = signal === 'retry' || signal === 'skip' ? 'act' : 'step';
    const reason = signal === 'skip' ? ',"reason":"why"' : '';
    if (signal !== 'abort' && signal !== 'finalise') {
      offers[signal] = `${waiting?.prompt} {"${field}":"${waiting?.token}"${reason}}`;
    }
  }
  if (phase === 'window') offers.finalise = 'End the window now: no way back after it. No input needed.';
  if (phase === 'canary') {
    offers.promoteFull = `Skip the rest of the ramp. {"version":"${status.version}","reason":"why"}`;
  }
  if (pausedAs) offers.resume = `Go on. {"step":"${pausedAs}"}`;
  else if (phase !== 'window' && phase !== 'undoing') offers.pause = 'Stop at the next safe point. {"reason":"why"}';
  return offers;
}

/** The UI's dialog lists the handlers; what is not offered still arrives, through the default handler. */
function offer(release: Release, offers: Offers): void {
  for (const signal of SIGNALS) {
    const definition = defineSignal<[unknown?]>(signal);
    const description = offers[signal];
    if (description === undefined) setHandler(definition, undefined);
    else setHandler(definition, (payload) => release.receive(signal, payload), { description });
  }
}
