import type { Received } from './deliver.ts';

export type Delivery =
  | { readonly verdict: 'delivered' }
  /** `afterMs`: what the receiver asked for, within limits; `null`: as the retry policy says. */
  | { readonly verdict: 'later'; readonly because: string; readonly afterMs: number | null }
  /** Stands until a person changes something. */
  | { readonly verdict: 'refused'; readonly because: string };

/** A receiver may ask for patience, and not for so much that what it is told is of no use any more. */
const LONGEST_WAIT_MS = 10 * 60_000;
const SHORTEST_WAIT_MS = 1_000;

/**
 * What a receiver's answer means (Standard Webhooks, "Deliverability"): 2xx is done; 408, 429 and 5xx may pass; a
 * redirect and any other 4xx, 410 above all, will be the same next time.
 *
 * @param now milliseconds since 1970, for a `Retry-After` that is a date
 */
export function judge({ status, text, retryAfter }: Received, now: number): Delivery {
  if (status >= 200 && status < 300) return { verdict: 'delivered' };
  const because = `answers ${status}${text && `: ${text}`}`;
  if (status >= 300 && status < 400) return { verdict: 'refused', because: `${because} (redirects are not followed)` };
  if (status === 410) return { verdict: 'refused', because: `${because} (it wants no more of them)` };
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) return { verdict: 'refused', because };
  return { verdict: 'later', because, afterMs: waitOf(retryAfter, now) };
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function waitOf(retryAfter: string | undefined, now: number): number | null {
  if (!retryAfter) return null;
  const wanted = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - now;
  return Number.isNaN(wanted) ? null : Math.min(Math.max(wanted, SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
}
