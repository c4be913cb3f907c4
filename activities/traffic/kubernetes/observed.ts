import { failure } from '../../failure.ts';
import { observeSplit } from './observe.ts';
import { destinationRuleOf } from './routers.ts';
import type { Session } from './session.ts';
import type { View } from './view.ts';

/**
 * How long a step waits for requests that show its weight, where there are too few: two scrapes of 15 s, Prometheus'
 * usual interval being that. A service without traffic goes on after it.
 */
const PATIENCE_SECONDS = 30;

/**
 * Waits until requests show the weight, where the router's counters are known.
 *
 * @returns true where they do; false where nobody counts, or too few requests came
 * @throws SHIPLOCK_KUBERNETES_ROUTER (retried) where they contradict it, or where it is too early to say
 */
export async function awaitObserved(
  session: Session,
  { roles }: View,
  written: { readonly percent: number; readonly sinceMs: number },
): Promise<boolean> {
  const { place, metrics, signal } = session;
  // Subsets share one Service, whose counters do not tell them apart.
  if (!metrics || destinationRuleOf(place.traffic)) return false;
  const sides = { namespace: place.namespace, ...roles };
  let last = await observeSplit(metrics, sides, written, signal);
  await session.until(async () => {
    if (last.verdict === 'agrees') return last;
    last = await observeSplit(metrics, sides, written, signal);
    return last.verdict === 'agrees' ? last : null;
  });
  if (last.verdict === 'agrees') return true;
  if (last.verdict === 'open' && last.seconds >= PATIENCE_SECONDS) return false;
  throw failure({ code: 'SHIPLOCK_KUBERNETES_ROUTER', message: last.because }, { retry: 'later' });
}
