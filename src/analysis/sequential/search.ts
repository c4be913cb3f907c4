const HALVINGS = 200;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Where `holds` changes from the answer at `from` to the answer at `to`, by bisection down to neighbouring doubles.
 * Never more than 200 questions; `from` may be greater than `to`.
 */
export function turningPoint(from: number, to: number, holds: (x: number) => boolean): number {
  let [near, far] = [from, to];
  const atStart = holds(from);
  for (let i = 0; i < HALVINGS; i += 1) {
    const middle = near + (far - near) / 2;
    if (middle === near || middle === far) break;
    if (holds(middle) === atStart) near = middle;
    else far = middle;
  }
  return near + (far - near) / 2;
}

/** The minimum of a unimodal function on an interval, by golden section; infinite values only at its upper end. */
export function minimum(
  low: number,
  high: number,
  value: (x: number) => number,
): { readonly at: number; readonly value: number } {
  let [a, b] = [low, high];
  let [x1, x2] = [b - GOLDEN * (b - a), a + GOLDEN * (b - a)];
  let [f1, f2] = [value(x1), value(x2)];
  for (let i = 0; i < 100 && b - a > 1e-12 * (Math.abs(a) + Math.abs(b)); i += 1) {
    if (f1 <= f2) {
      [b, x2, f2] = [x2, x1, f1];
      x1 = b - GOLDEN * (b - a);
      f1 = value(x1);
    } else {
      [a, x1, f1] = [x1, x2, f2];
      x2 = a + GOLDEN * (b - a);
      f2 = value(x2);
    }
  }
  return f1 <= f2 ? { at: x1, value: f1 } : { at: x2, value: f2 };
}
