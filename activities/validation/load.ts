import { Context } from '@temporalio/activity';
import { loadApart } from '../../src/load/apart.ts';
import type { LoadReport, LoadRequest } from './port.ts';
import type { SideAddress, SideOf } from './sides.ts';

/** A plan is checked against the same limits; these hold whatever it says. */
const MAX_RATE = 1_000;
const MAX_DURATION_MS = 10 * 60_000;
const MAX_REQUESTS = 200_000;
const REQUEST_TIMEOUT_MS = 5_000;
/** For the turn that is not counted, and for answers that are slow to come. */
const GRACE_MS = 15_000;
const HEARTBEAT_MS = 1_000;

/** The load on the side that users get and, in turns, on the other one, if that is another version all the time. */
export async function load(sideOf: SideOf, { check, compare, ...where }: LoadRequest): Promise<LoadReport> {
  const { cancellationSignal } = Context.current();
  const at = new Date().toISOString();
  // A first release has no other side to be asked for.
  const look = () => Promise.all([sideOf(where, 'live'), compare ? sideOf(where, 'preview') : null]);
  const [live, preview] = await look();
  const compared = preview !== null && areTwo(live, preview);
  const addresses = compared ? [live.address, preview.address] : [live.address];

  const ratePerSecond = Math.min(check.ratePerSecond, MAX_RATE);
  const durationMs = Math.min(check.durationMs, MAX_DURATION_MS);
  const requests = Math.min(Math.floor((ratePerSecond * durationMs) / 1000), MAX_REQUESTS / addresses.length);
  const [ofLive, ofPreview] = await heartbeating(() =>
    loadApart({
      addresses,
      path: check.path,
      ratePerSecond,
      requests,
      atMostMs: addresses.length * durationMs + GRACE_MS,
      timeoutMs: REQUEST_TIMEOUT_MS,
      signal: cancellationSignal,
    }),
  );
  cancellationSignal.throwIfAborted();
  if (!ofLive) throw new RangeError('a load has at least one side');
  const [liveThen, previewThen] = await look();
  const unchanged = live.version === liveThen.version && preview?.version === previewThen?.version;
  return { at, live: ofLive, preview: compared && unchanged && ofPreview ? ofPreview : null };
}

/** A side compared with itself would always be as good. */
function areTwo(live: SideAddress, preview: SideAddress): boolean {
  return live.version !== null && preview.version !== null && live.version !== preview.version;
}

async function heartbeating<Value>(work: () => Promise<Value>): Promise<Value> {
  const context = Context.current();
  context.heartbeat();
  const beating = setInterval(() => context.heartbeat(), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beating);
  }
}
