import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { checkCondition } from '../../src/analysis/index.ts';
import { judgeText } from '../../src/cli/judge.ts';

type Phase = 'Successful' | 'Failed' | 'Inconclusive' | 'Error' | 'Running';
type Metric = Readonly<Record<string, unknown>>;
type Measurement = { readonly value: unknown } | { readonly error: string };
interface Case {
  readonly metric: Metric;
  readonly measurements: readonly Measurement[];
  readonly terminated?: true;
}

/** Cases with the phases that the controller of Argo Rollouts 1.10.1 gave them: `test/oracles/argo/refresh`. */
const stored: readonly (Case & { phase: Phase })[] = readFileSync(new URL('argo-phases.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));

const judged = ({ metric, measurements, terminated }: Case, compatibility?: 'argo') =>
  judgeText(JSON.stringify({ metric, measurements, terminated, compatibility })) as { phase: Phase; because: string };

const conditionsOf = ({ successCondition, failureCondition }: Metric) =>
  [successCondition, failureCondition].filter(
    (condition) => typeof condition === 'string' && condition !== '',
  ) as string[];

/** What one measurement by itself is worth. */
function verdictOn(metric: Metric, measurement: Measurement, compatibility?: 'argo'): Phase {
  const { successCondition, failureCondition } = metric;
  const alone = { successCondition, failureCondition, consecutiveErrorLimit: 0 };
  return judged({ metric: alone, measurements: [measurement] }, compatibility).phase;
}

function holds(value: unknown, test: (part: unknown) => boolean): boolean {
  if (test(value)) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some((part) => holds(part, test));
}

const isEmpty = (value: unknown) => value === null || (Array.isArray(value) && value.length === 0);

/** Go leaves open what `asInt` makes of NaN, infinities and what does not fit 64 bits: it depends on the processor. */
const leftOpen = ({ metric, measurements }: Case) =>
  conditionsOf(metric).some((condition) => condition.includes('asInt(')) &&
  holds(measurements, (part) => ['NaN', '+Inf', '-Inf', 1e308].includes(part as string));

describe("Argo's own code", () => {
  it('was asked about enough of every kind', () => {
    assert.ok(stored.length >= 2_500);
    for (const phase of ['Successful', 'Failed', 'Inconclusive', 'Error', 'Running'])
      assert.ok(stored.filter((one) => one.phase === phase).length >= 100, phase);
    assert.ok(stored.filter(leftOpen).length < 40);
  });

  it('gives every case the phase that judge gives it with compatibility: argo', () => {
    for (const one of stored) {
      if (leftOpen(one)) continue;
      const { phase, because } = judged(one, 'argo');
      assert.equal(phase, one.phase, `${because}: ${JSON.stringify(one)}`);
    }
  });
});

describe('Without compatibility a phase differs', () => {
  const seen: Record<string, number> = {};
  const differing = stored.filter((one) => !leftOpen(one) && judged(one).phase !== one.phase);

  it('only where docs/analysis.md says so', () => {
    for (const one of differing) {
      const reason = reasonFor(one, judged(one).phase);
      assert.ok(reason, `argo ${one.phase}, here ${JSON.stringify(judged(one))}: ${JSON.stringify(one)}`);
      seen[reason] = (seen[reason] ?? 0) + 1;
    }
  });

  it('for each of the reasons, many times', () => {
    for (const reason of ['unreadable', 'no number', 'asked for its argument', 'none good', 'cut short'])
      assert.ok((seen[reason] ?? 0) >= 5, `${reason}: ${JSON.stringify(seen)}`);
  });
});

/** How many measurements Argo takes of a metric until it has ended. */
function takenOf({ metric, measurements }: Case): number {
  const ended = measurements.findIndex(
    (_, index) => judged({ metric, measurements: measurements.slice(0, index + 1) }, 'argo').phase !== 'Running',
  );
  return ended < 0 ? measurements.length : ended + 1;
}

/** The documented difference that explains a phase other than Argo's; `null`: there is none. */
function reasonFor(one: Case & { phase: Phase }, ours: Phase): string | null {
  const { metric, measurements, terminated } = one;
  const refused = 'colour' in metric || conditionsOf(metric).some((condition) => !checkCondition(condition).ok);
  if (refused) return ours === 'Error' ? 'unreadable' : null;
  const readings = measurements.slice(0, takenOf(one)).map((measurement) => ({
    argo: verdictOn(metric, measurement, 'argo'),
    ours: verdictOn(metric, measurement),
    value: 'value' in measurement ? measurement.value : 0,
  }));
  const good = readings.filter((reading) => reading.argo === 'Successful').length;
  const changed = readings.find((reading) => reading.argo !== reading.ours);
  if (changed === undefined) {
    // One reading passes two limits only where one of them has wrapped round to less than nothing.
    if (Object.values(metric).includes('99999999999999999999') && one.phase === 'Inconclusive')
      return ours === 'Failed' || ours === 'Error' ? 'failed first' : null;
    if (one.phase !== 'Successful' || ours !== 'Inconclusive') return null;
    if (good === 0) return 'none good';
    return terminated && good < 3 ? 'cut short' : null;
  }
  const unproven = isEmpty(changed.value) || holds(changed.value, (part) => part === 'NaN');
  if (changed.argo === 'Successful' && changed.ours === 'Error' && unproven) return 'no number';
  return conditionsOf(metric).some((condition) => /\b(isNil|default)\(/.test(condition))
    ? 'asked for its argument'
    : null;
}
