/** Why the judge says what it says, in words and numbers. */
import type { KayentaScoring } from '../../plan/kayenta-plan.ts';
import { counted, showNumber } from '../show.ts';
import type { JudgedMetric, KayentaJudgement } from './judge.ts';
import type { GroupScore, Score } from './score.ts';

/** What it asks for: `a score of 95 or more, 75 or less fails (Kayenta: errors, latency)`. */
export function scoringText({ pass, marginal, metrics }: KayentaScoring): string {
  const names = metrics.map(({ name, muted }) => (muted ? `${name} (muted)` : name)).join(', ');
  return `a score of ${pass} or more, ${marginal} or less fails (Kayenta: ${names})`;
}

export function inWords(
  scoring: KayentaScoring,
  {
    score,
    metrics,
    byScore,
    doubt,
  }: {
    readonly score: Score;
    readonly metrics: readonly JudgedMetric[];
    readonly byScore: KayentaJudgement['verdict'];
    readonly doubt: string | null;
  },
): string {
  const worst = [...metrics].sort((a, b) => Number(a.label === 'Pass') - Number(b.label === 'Pass'));
  return [
    summaryOf(scoring, score, byScore) + (doubt === null ? '' : `, but ${doubt}: never a pass`),
    ...(score.failed === null ? [] : [failureOf(score.failed)]),
    ...(score.groups.length === 0 ? [] : [`groups: ${score.groups.map(groupInWords).join(', ')}`]),
    ...worst.map(metricInWords),
  ].join('; ');
}

function summaryOf(
  { marginal, pass }: KayentaScoring,
  { summary }: Score,
  verdict: KayentaJudgement['verdict'],
): string {
  const score = `score ${showNumber(summary)}`;
  if (verdict === 'fail') return `${score} is not above the marginal ${marginal}`;
  if (pass === null) return `${score}, and no score to pass is set`;
  if (verdict === 'pass') return `${score} is at least the ${pass} to pass`;
  return `${score} is below the ${pass} to pass${marginal === null ? '' : `, and above the marginal ${marginal}`}`;
}

function failureOf(failed: NonNullable<Score['failed']>): string {
  if (failed.kind === 'critical') return `the score is 0 because of the critical ${failed.metrics.join(', ')}`;
  return `the score is 0 because ${failed.without} of ${counted(failed.of, 'metric')} had no data`;
}

function groupInWords({ name, score, noData, weight }: GroupScore): string {
  return `${name} ${noData ? 'without data, taken as 100' : showNumber(score)} (weight ${showNumber(weight)} %)`;
}

function metricInWords(judged: JudgedMetric): string {
  const { metric, label, critical, canary, baseline } = judged;
  const name = `${metric.name}${metric.muted ? ' (muted)' : ''} ${label}${critical ? ' (critical)' : ''}`;
  const samples = `${canary.count} and ${counted(baseline.count, 'sample')}`;
  if (judged.grounds.kind === 'noData') return `${name}: ${samples} of canary and baseline`;
  const means = `canary mean ${showNumber(canary.mean)}, baseline mean ${showNumber(baseline.mean)}`;
  return `${name}: ${means}, ${groundsInWords(judged)}; ${samples}`;
}

function groundsInWords({ grounds, canary, baseline, metric }: JudgedMetric): string {
  switch (grounds.kind) {
    case 'noData':
      return 'no data';
    case 'identical':
      return 'both sides are identical';
    case 'constant':
      return 'every value is the same';
    case 'compared': {
      const { shift, effect } = grounds;
      if (shift.kind === 'tied') return 'no interval exists, there are only ties: more samples are needed';
      if (shift.kind === 'unbounded') return 'the sides are no finite distance apart';
      const ratio = canary.mean === 0 || baseline.mean === 0 ? 'none' : showNumber(canary.mean / baseline.mean);
      const measured = metric.effectSize.measure === 'cles' ? `, CLES ${showNumber(effect)}` : '';
      const interval = `${showNumber(shift.low)} to ${showNumber(shift.high)}`;
      return `ratio ${ratio}${measured}, difference ${showNumber(shift.estimate)} (98 % interval ${interval})`;
    }
  }
}
