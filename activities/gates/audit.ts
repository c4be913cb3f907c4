import type { AuditLevel } from '../../src/plan/plan.ts';
import type { Judgement } from './coverage.ts';

/** Mildest first. */
const LEVELS = ['low', 'moderate', 'high', 'critical'] as const satisfies readonly AuditLevel[];

type Counts = Record<AuditLevel, number>;

/**
 * Judges the JSON of `npm audit --json` (report version 2) or `pnpm audit --json`: nothing at or above `level` may
 * stand in it. Exit codes are not asked, since both tools also leave with 1 when they could not ask the registry.
 * Anything that does not count vulnerabilities shows nothing.
 */
export function judgeAudit(report: string, level: AuditLevel): Judgement {
  const body = parse(report);
  if (body === null) return inconclusive('the audit answered no JSON');
  const error = refusal(body);
  if (error !== null) return inconclusive(`the audit could not be made: ${error}`);
  const counted = counts(child(child(body, 'metadata'), 'vulnerabilities'));
  if (counted === null) return inconclusive('the audit could not be made: its answer counts no vulnerabilities');
  const worst = worse(counted, listed(body));
  const relevant = LEVELS.slice(LEVELS.indexOf(level));
  const found = relevant.filter((known) => worst[known] > 0).map((known) => `${worst[known]} ${known}`);
  const total = dependencies(body);
  const among = total === null ? '' : ` among ${total} dependencies`;
  return found.length === 0
    ? { verdict: 'pass', because: `no known vulnerability of level ${level} or above${among}` }
    : { verdict: 'fail', because: `known vulnerabilities of level ${level} or above: ${found.reverse().join(', ')}` };
}

function parse(report: string): object | null {
  try {
    const value: unknown = JSON.parse(report);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** npm: `{ message, error: { code, summary } }`; pnpm: `{ error: { code, message } }`. */
function refusal(body: object): string | null {
  if (!('error' in body) || !body.error) return null;
  const { error } = body;
  const parts = [child(error, 'code'), child(error, 'summary'), child(error, 'message'), child(body, 'message')];
  const words = parts.filter((part): part is string => typeof part === 'string' && part !== '');
  return words.length > 0 ? words.slice(0, 2).join(': ').slice(0, 300) : String(error).slice(0, 300);
}

/** All four must be there: a level that is not counted is not known to be free of anything. */
function counts(value: unknown): Counts | null {
  const found = LEVELS.map((level) => [level, child(value, level)] as const);
  const whole = found.every(([, count]) => typeof count === 'number' && Number.isSafeInteger(count) && count >= 0);
  return whole ? (Object.fromEntries(found) as Counts) : null;
}

/** What the report lists one by one: npm's `vulnerabilities`, pnpm's `advisories`. */
function listed(body: object): Counts {
  const entries = [child(body, 'vulnerabilities'), child(body, 'advisories')].flatMap((list) =>
    list !== null && typeof list === 'object' ? Object.values(list) : [],
  );
  const number = (level: AuditLevel) => entries.filter((entry) => child(entry, 'severity') === level).length;
  return { low: number('low'), moderate: number('moderate'), high: number('high'), critical: number('critical') };
}

/** A summary that counts less than the report lists is not believed. */
function worse(a: Counts, b: Counts): Counts {
  const larger = (level: AuditLevel) => Math.max(a[level], b[level]);
  return { low: larger('low'), moderate: larger('moderate'), high: larger('high'), critical: larger('critical') };
}

/** npm counts `metadata.dependencies.total`, pnpm `metadata.totalDependencies`. */
function dependencies(body: object): number | null {
  const metadata = child(body, 'metadata');
  const total = child(metadata, 'totalDependencies') ?? child(child(metadata, 'dependencies'), 'total');
  return typeof total === 'number' ? total : null;
}

function child(value: unknown, key: string): unknown {
  return value !== null && typeof value === 'object' && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

function inconclusive(because: string): Judgement {
  return { verdict: 'inconclusive', because };
}
