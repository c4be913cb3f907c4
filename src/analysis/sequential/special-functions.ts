/**
 * The special functions that boundaries and tests need. Only `+ - * /`, `Math.log`, `exp` and `sqrt` are used, to
 * about 1e-13 relative. Source of the expansions: NIST Digital Library of Mathematical Functions, sections named below.
 */

const MOST_TERMS = 10_000;
const SMALLEST = 1e-300;
const ENOUGH = 1e-16;
/** DLMF 5.11.1: B(2k) / (2k (2k-1)), for the Stirling series. */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360_360, 1 / 156] as const;
const HALF_LOG_TWO_PI = 0.918_938_533_204_672_8;

/** ln Γ(x) for x > 0; NaN otherwise (DLMF 5.11.1, lifted to x ≥ 12 by the recurrence 5.5.1). */
export function logGamma(x: number): number {
  if (!(x > 0)) return Number.NaN;
  let lifted = x;
  let product = 1;
  let lost = 0;
  while (lifted < 12) {
    product *= lifted;
    lifted += 1;
    if (product > 1e200) {
      lost += Math.log(product);
      product = 1;
    }
  }
  const inverse = 1 / lifted;
  let power = inverse;
  let series = 0;
  for (const coefficient of STIRLING) {
    series += coefficient * power;
    power *= inverse * inverse;
  }
  return (lifted - 0.5) * Math.log(lifted) - lifted + HALF_LOG_TWO_PI + series - Math.log(product) - lost;
}

/** ln B(a, b) for a, b > 0. */
export function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/**
 * The regularised incomplete gamma functions: `lower` is P(a, x), `upper` is Q(a, x) = 1 - P, both without
 * cancellation. For a > 0 and x ≥ 0; NaN otherwise (DLMF 8.11.4 below a + 1, 8.9.2 above).
 */
export function incompleteGamma(a: number, x: number): { readonly lower: number; readonly upper: number } {
  if (!(a > 0 && x >= 0)) return { lower: Number.NaN, upper: Number.NaN };
  if (x === 0) return { lower: 0, upper: 1 };
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < MOST_TERMS && term > sum * ENOUGH; n += 1) {
      term *= x / (a + n);
      sum += term;
    }
    return { lower: front * sum, upper: 1 - front * sum };
  }
  const fraction = continuedFraction(x + 1 - a, (n) => ({ a: -n * (n - a), b: x + 2 * n + 1 - a }));
  return { lower: 1 - front / fraction, upper: front / fraction };
}

/** The regularised incomplete beta function I_x(a, b), for a, b > 0 and x in 0..1 (DLMF 8.17.22). */
export function incompleteBeta(a: number, b: number, x: number): number {
  if (!(a > 0 && b > 0 && x >= 0 && x <= 1)) return Number.NaN;
  if (x === 0 || x === 1) return x;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(b, a, 1 - x);
  const front = Math.exp(a * Math.log(x) + b * Math.log(1 - x) - logBeta(a, b)) / a;
  const fraction = continuedFraction(1, (n) => {
    const m = Math.floor(n / 2);
    const numerator =
      n % 2 === 0
        ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
        : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    return { a: numerator, b: 1 };
  });
  return front / fraction;
}

/** Φ(z), without cancellation in the lower tail (DLMF 7.11.2). */
export function normalDistribution(z: number): number {
  const { lower, upper } = incompleteGamma(0.5, (z * z) / 2);
  return z < 0 ? upper / 2 : (1 + lower) / 2;
}

/** Riemann's ζ(s) for s > 1, by Euler-Maclaurin summation after 20 terms (DLMF 25.2.9). */
export function zeta(s: number): number {
  const head = 20;
  let sum = 0;
  for (let n = 1; n < head; n += 1) sum += n ** -s;
  const last = head ** -s;
  return (
    sum +
    (head * last) / (s - 1) +
    last / 2 +
    (s * last) / (12 * head) -
    (s * (s + 1) * (s + 2) * last) / (720 * head ** 3)
  );
}

/** b0 + a1/(b1 + a2/(b2 + …)), by Lentz's method in Thompson's and Barnett's form. */
function continuedFraction(b0: number, term: (n: number) => { readonly a: number; readonly b: number }): number {
  let value = b0 === 0 ? SMALLEST : b0;
  let c = value;
  let d = 0;
  for (let n = 1; n < MOST_TERMS; n += 1) {
    const { a, b } = term(n);
    d = 1 / (b + a * d || SMALLEST);
    c = b + a / c || SMALLEST;
    value *= c * d;
    if (Math.abs(c * d - 1) < ENOUGH * 10) break;
  }
  return value;
}
