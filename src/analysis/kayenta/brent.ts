interface Point {
  readonly x: number;
  readonly y: number;
}

const MOST_ITERATIONS = 1001;

/**
 * A root between `low` and `high`, by Brent's method: inverse quadratic interpolation where it makes headway, else
 * bisection. The order of its steps is that of R's `zeroin`, because what Kayenta says of a step function depends on
 * where they end.
 *
 * Source: R. P. Brent, Algorithms for Minimization without Derivatives (1973), section 4.6.
 *
 * @param tolerance absolute; the answer is the last point within it, where `value` need not be 0.
 */
export function brentRoot(low: Point, high: Point, tolerance: number, value: (x: number) => number): number {
  if (low.y === 0) return low.x;
  if (high.y === 0) return high.x;
  let [previous, best, opposite] = [low, high, low];
  for (let i = 0; i < MOST_ITERATIONS; i += 1) {
    const lastStep = best.x - previous.x;
    if (Math.abs(opposite.y) < Math.abs(best.y)) [previous, best, opposite] = [best, opposite, best];
    const least = 2 * Number.EPSILON * Math.abs(best.x) + tolerance / 2;
    const half = (opposite.x - best.x) / 2;
    if (Math.abs(half) <= least || best.y === 0) return best.x;
    const headway = Math.abs(lastStep) >= least && Math.abs(previous.y) > Math.abs(best.y);
    let step = (headway ? interpolated(previous, best, opposite, { lastStep, least }) : null) ?? half;
    if (Math.abs(step) < least) step = step > 0 ? least : -least;
    previous = best;
    const x = best.x + step;
    best = { x, y: value(x) };
    if (Math.sign(best.y) * Math.sign(opposite.y) > 0) opposite = previous;
  }
  return best.x;
}

/** The step to where a curve through the points is 0; `null`: it leads too far, or is no shorter than the last. */
function interpolated(
  previous: Point,
  best: Point,
  opposite: Point,
  { lastStep, least }: { readonly lastStep: number; readonly least: number },
): number | null {
  const across = opposite.x - best.x;
  let [p, q] = [0, 0];
  if (previous.x === opposite.x) {
    const slope = best.y / previous.y;
    p = across * slope;
    q = 1 - slope;
  } else {
    const [r, s, t] = [previous.y / opposite.y, best.y / opposite.y, best.y / previous.y];
    p = t * (across * r * (r - s) - (best.x - previous.x) * (s - 1));
    q = (r - 1) * (s - 1) * (t - 1);
  }
  if (p > 0) q = -q;
  else p = -p;
  const within = p < 0.75 * across * q - Math.abs(least * q) / 2 && p < Math.abs((lastStep * q) / 2);
  return within ? p / q : null;
}
