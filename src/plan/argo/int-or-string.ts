/**
 * Kubernetes' `IntOrString` as the code that reads it does (`k8s.io/apimachinery/pkg/util/intstr`): a whole number of 32
 * bits, or text, whose `IntValue` is Go's `strconv.Atoi` without its error.
 */
export type IntOrString = number | string;

const MOST_32 = 2 ** 31 - 1;
const MOST_64 = 2n ** 63n - 1n;

export const isIntOrString = (value: unknown): value is IntOrString =>
  typeof value === 'string' ||
  (typeof value === 'number' && Number.isInteger(value) && value >= -MOST_32 - 1 && value <= MOST_32);

/**
 * Text that is no number is 0, and what does not fit 64 bits the nearest that does.
 *
 * @example intValue('+5') // 5n
 * @example intValue('five') // 0n
 */
export function intValue(value: IntOrString): bigint {
  if (typeof value === 'number') return BigInt(value);
  if (!/^[+-]?\d{1,400}$/.test(value)) return 0n;
  const exact = BigInt(value.replace(/^\+/, ''));
  if (exact > MOST_64) return MOST_64;
  return exact < -MOST_64 - 1n ? -MOST_64 - 1n : exact;
}

/** Its lowest 32 bits, as Argo compares it with its counters. */
export const int32 = (value: bigint): number => Number(BigInt.asIntN(32, value));
