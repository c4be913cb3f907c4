/** What is made of what was seen of the service from outside. Pure, used inside the workflow. */
import type { LoadReport, LoadSide, Probe } from '../../activities/validation/port.ts';
import { MIN_LOAD_REQUESTS } from '../plan/limits.ts';
import type { HttpCheck, PerformanceCheck } from '../plan/plan.ts';

export interface Judgement {
  /** `inconclusive`: neither shown nor disproved; never a pass. */
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
  /** One sentence for people, with the numbers. */
  readonly because: string;
}

/** Late requests look slow, never fast: with fewer than this the 95th percentile is still the service's. */
const MOST_LATE = 0.03;

/** One answer against what it should be. No answer is a fail: the next one may be better. */
export function judgeProbe(check: HttpCheck, probe: Probe): Judgement {
  if (probe.status === null) return fail(unanswered(probe));
  const took = `in ${seconds(probe.seconds)}`;
  if (probe.status === check.status) return pass(`${check.path} answers ${probe.status} ${took}`);
  return fail(`${check.path} answers ${probe.status} ${took}, not ${check.status}`);
}

/**
 * Response headers that must be there, names in lower case; `''` stands for any value that is not empty.
 *
 * @example judgeHeaders({ 'x-content-type-options': 'nosniff' }, probe)
 */
export function judgeHeaders(required: Readonly<Record<string, string>>, probe: Probe): Judgement {
  if (probe.status === null) return inconclusive(unanswered(probe));
  if (probe.status >= 500)
    return inconclusive(`${probe.url} answers ${probe.status}, which shows nothing of its headers`);
  const wanted = Object.entries(required);
  if (wanted.length === 0) return inconclusive('no header is required, so nothing was shown');
  const wrong = wanted.flatMap(([name, value]) => whatIsWrong(name, value, probe.headers[name]));
  if (wrong.length > 0) return fail(`${probe.url}: ${wrong.join(', ')}`);
  return pass(`${wanted.length} of ${wanted.length} required headers: ${wanted.map(([name]) => name).join(', ')}`);
}

function whatIsWrong(name: string, value: string, found: string | undefined): string[] {
  const plain = found?.trim() ?? '';
  if (plain === '') return [`${name} is missing`];
  return value === '' || plain === value ? [] : [`${name} is "${plain.slice(0, 100)}", not "${value}"`];
}

/**
 * A load against its limits. Failed requests count before everything else that can be said of it: they are failed,
 * however well the generator kept its time.
 */
export function judgeLoad(check: PerformanceCheck, { live, preview }: LoadReport): Judgement {
  const few = whyTooLittle(live);
  if (few) return inconclusive(few);
  const failed = live.failed / live.requests;
  if (failed > check.errorShare) {
    return fail(
      `${live.failed} of ${live.requests} requests failed, ${percent(failed)} > ${percent(check.errorShare)}`,
    );
  }
  const late = whyUntimed(live);
  if (late) return inconclusive(late);
  const numbers = `p95 ${seconds(live.p95Seconds)} of ${live.requests} requests, ${live.failed} failed`;
  if (live.p95Seconds > check.p95Seconds) return fail(`${numbers}: above ${seconds(check.p95Seconds)}`);
  if (check.versusStable === null) return pass(numbers);
  return judgeAgainst(numbers, live, preview, { times: check.versusStable, errorShare: check.errorShare });
}

function judgeAgainst(
  numbers: string,
  live: LoadSide,
  old: LoadSide | null,
  most: { readonly times: number; readonly errorShare: number },
): Judgement {
  if (old === null) return inconclusive(`${numbers}; the old side could not be compared with`);
  const problem = whyTooLittle(old) || whyUntimed(old);
  if (problem) return inconclusive(`${numbers}; of the old side ${problem}`);
  if (old.failed / old.requests > most.errorShare) {
    return inconclusive(`${numbers}; the old side is no measure: ${old.failed} of its ${old.requests} requests failed`);
  }
  const times = live.p95Seconds / old.p95Seconds;
  const compared = `${numbers}; ${times.toFixed(2)} times the old side's ${seconds(old.p95Seconds)}`;
  return times > most.times ? fail(`${compared}: above ${most.times}`) : pass(compared);
}

function whyTooLittle({ requests }: LoadSide): string {
  return requests >= MIN_LOAD_REQUESTS
    ? ''
    : `${requests} requests are too few to judge, ${MIN_LOAD_REQUESTS} are needed`;
}

function whyUntimed({ requests, late, p95Seconds }: LoadSide): string {
  if (late / requests > MOST_LATE) return `${late} of ${requests} requests were sent late by the load generator itself`;
  return Number.isFinite(p95Seconds) && p95Seconds > 0 ? '' : 'no latency was measured';
}

function unanswered({ url, error }: Probe): string {
  return `${url} did not answer: ${error ?? 'no reason known'}`;
}

function pass(because: string): Judgement {
  return { verdict: 'pass', because };
}

function fail(because: string): Judgement {
  return { verdict: 'fail', because };
}

function inconclusive(because: string): Judgement {
  return { verdict: 'inconclusive', because };
}

/** `0.132 s`. */
function seconds(value: number): string {
  return `${value.toFixed(3)} s`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
