/** While things happen; each look is two or three small reads. */
const SOONEST_MS = 500;
/** A Rollout may wait for a person for hours, and many may at once. */
const LATEST_MS = 5_000;
/** What is noticed late is so by a tenth of the time that nothing has happened. */
const LATE = 0.1;

/**
 * How long to wait before a Rollout is looked at again.
 *
 * @param quietMs for how long it has been as it is; below 0 where clocks differ
 * @returns milliseconds, 500 to 5,000
 * @example untilNextLook(20_000) // 2_000
 */
export function untilNextLook(quietMs: number): number {
  return Math.min(LATEST_MS, Math.max(SOONEST_MS, Math.round(quietMs * LATE)));
}
