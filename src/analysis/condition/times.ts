import { type Budget, fail } from './budget.ts';
import { between } from './operators.ts';
import { type Computed, Duration, kindName, Time } from './values.ts';

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const SECOND = 1_000_000_000n;
const NS_PER_MS = 1_000_000n;
const PART = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y;

/** Reads a duration as Go's `time.ParseDuration`: `1h2m`, `-1.5s`, `300ms`. */
export function parseDuration(text: string, budget: Budget): Duration {
  const unsigned = text.replace(/^[+-]/, '');
  const wrong = (): never => fail(budget, `"${text.slice(0, 40)}" is no duration; write one such as 1h2m or 1.5s`);
  if (unsigned === '0') return new Duration(0n);
  if (unsigned === '') wrong();
  let ns = 0n;
  let at = 0;
  while (at < unsigned.length) {
    PART.lastIndex = at;
    const [all = '', whole = '', fraction = '', unit = ''] = PART.exec(unsigned) ?? [];
    if (whole === '' && fraction === '') wrong();
    const scale = UNITS[unit] ?? 0n;
    ns += BigInt(whole || '0') * scale + (BigInt(fraction || '0') * scale) / 10n ** BigInt(fraction.length);
    at += all.length;
  }
  const negative = text.startsWith('-');
  if (ns > 2n ** 63n - (negative ? 0n : 1n)) wrong();
  return new Duration(negative ? -ns : ns);
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const CLOCK = /^(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d+))?$/;
const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d) +(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d+))?$/;
const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/;

/** Reads `2023-08-14`, `15:04:05`, `2023-08-14 15:04:05` and RFC 3339; the first three are in UTC. */
export function parseTime(text: string, budget: Budget): Time {
  const clock = CLOCK.exec(text);
  const found = clock
    ? ['', '0000', '01', '01', ...clock.slice(1)]
    : (DATE.exec(text) ?? DATE_TIME.exec(text) ?? RFC_3339.exec(text));
  const time = found === null ? null : timeOf(found);
  return time ?? fail(budget, `"${text.slice(0, 40)}" is no date; write one such as 2023-08-14T00:00:00Z`);
}

function timeOf([, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z']: readonly (
  | string
  | undefined
)[]): Time | null {
  const parts = [year, month, day, hour, minute, second].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const date = new Date(0);
  date.setUTCFullYear(parts[0], parts[1] - 1, parts[2]);
  if (date.getUTCMonth() !== parts[1] - 1 || date.getUTCDate() !== parts[2]) return null;
  if (parts[3] > 23 || parts[4] > 59 || parts[5] > 59) return null;
  date.setUTCHours(parts[3], parts[4], parts[5]);
  const sign = zone.startsWith('-') ? -1 : 1;
  const offset = zone === 'Z' ? 0 : sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4)));
  const ns = BigInt(date.getTime() - offset * 60_000) * NS_PER_MS + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return new Time(ns, offset);
}

/** The methods of times and durations; the check knows their arguments, here they can still be wrong. */
export function callMethod(of: Computed, name: string, args: readonly Computed[], budget: Budget): Computed {
  const [other = null] = args;
  if (of instanceof Duration && args.length === 0) return ofDuration(of, name, budget);
  if (of instanceof Time && args.length === 0) return ofTime(of, name, budget);
  if (of instanceof Time && args.length === 1) {
    if (name === 'Add' && other instanceof Duration) return new Time(of.ns + other.ns, of.offsetMinutes);
    if (other instanceof Time) {
      if (name === 'Sub') return between(of, other);
      if (name === 'Before') return of.ns < other.ns;
      if (name === 'After') return of.ns > other.ns;
      if (name === 'Equal') return of.ns === other.ns;
    }
  }
  return fail(budget, `${kindName(of)} has no method "${name.slice(0, 40)}" for such arguments`);
}

function ofDuration({ ns }: Duration, name: string, budget: Budget): Computed {
  const inUnits = (unit: bigint): number => Number(ns / unit) + Number(ns % unit) / Number(unit);
  switch (name) {
    case 'Hours':
      return inUnits(UNITS.h as bigint);
    case 'Minutes':
      return inUnits(UNITS.m as bigint);
    case 'Seconds':
      return inUnits(SECOND);
    case 'Milliseconds':
      return ns / NS_PER_MS;
    case 'Microseconds':
      return ns / 1_000n;
    case 'Nanoseconds':
      return ns;
    case 'Abs':
      return new Duration(ns < 0n ? (ns === -(2n ** 63n) ? 2n ** 63n - 1n : -ns) : ns);
    case 'String':
      return showDuration(ns);
    default:
      return fail(budget, `a duration has no method "${name.slice(0, 40)}" here`);
  }
}

const floorDivided = (value: bigint, by: bigint): bigint => (value - (((value % by) + by) % by)) / by;

function ofTime({ ns, offsetMinutes }: Time, name: string, budget: Budget): Computed {
  const local = new Date(Number(floorDivided(ns, NS_PER_MS)) + offsetMinutes * 60_000);
  switch (name) {
    case 'Unix':
      return floorDivided(ns, SECOND);
    case 'UnixMilli':
      return floorDivided(ns, NS_PER_MS);
    case 'UnixMicro':
      return floorDivided(ns, 1_000n);
    case 'UnixNano':
      return BigInt.asIntN(64, ns);
    case 'Year':
      return BigInt(local.getUTCFullYear());
    case 'Day':
      return BigInt(local.getUTCDate());
    case 'YearDay':
      return BigInt(((local.getTime() - Date.UTC(local.getUTCFullYear(), 0, 1)) / 86_400_000) | 0) + 1n;
    case 'Hour':
      return BigInt(local.getUTCHours());
    case 'Minute':
      return BigInt(local.getUTCMinutes());
    case 'Second':
      return BigInt(local.getUTCSeconds());
    case 'Nanosecond':
      return ns - floorDivided(ns, SECOND) * SECOND;
    default:
      return fail(budget, `a time has no method "${name.slice(0, 40)}" here`);
  }
}

/** Go's `Duration.String`: `1h2m3.5s`, `300ms`. */
export function showDuration(ns: bigint): string {
  const size = ns < 0n ? -ns : ns;
  const sign = ns < 0n ? '-' : '';
  const decimal = (value: bigint, unit: bigint): string => {
    const digits = String(value % unit)
      .padStart(String(unit).length - 1, '0')
      .replace(/0+$/, '');
    return `${value / unit}${digits === '' || unit === 1n ? '' : `.${digits}`}`;
  };
  if (size === 0n) return '0s';
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < NS_PER_MS) return `${sign}${decimal(size, 1_000n)}µs`;
  if (size < SECOND) return `${sign}${decimal(size, NS_PER_MS)}ms`;
  const minutes = size / (UNITS.m as bigint);
  const seconds = `${decimal(size % (UNITS.m as bigint), SECOND)}s`;
  if (minutes === 0n) return sign + seconds;
  return minutes < 60n ? `${sign}${minutes}m${seconds}` : `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

/** A moment from outside: milliseconds since 1970, or RFC 3339; `null`: it is neither. */
export function momentOf(at: number | string): Time | null {
  if (typeof at === 'number') return Number.isSafeInteger(at) ? new Time(BigInt(at) * NS_PER_MS) : null;
  const found = RFC_3339.exec(at);
  return found === null ? null : timeOf(found);
}
