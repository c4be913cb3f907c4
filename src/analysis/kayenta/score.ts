import type { KayentaScoring } from '../../plan/kayenta-plan.ts';
import type { Label } from './classify.ts';

/** From this share of metrics without data on, in percent, the canary fails. */
const MOST_WITHOUT_DATA = 50;

/** One metric that is not muted, as it counts in the score. */
export interface Scored {
  readonly name: string;
  readonly groups: readonly string[];
  readonly label: Label;
  readonly critical: boolean;
}

export interface GroupScore {
  readonly name: string;
  /** 0..100: the share of metrics that pass; 0 without any metric that had data. */
  readonly score: number;
  /** No metric with data: counts as 100 in the summary. */
  readonly noData: boolean;
  /** Percent. */
  readonly weight: number;
}

export interface Score {
  /** 0..100, to two decimals. */
  readonly summary: number;
  readonly groups: readonly GroupScore[];
  /** Why the groups were not asked. */
  readonly failed:
    | { readonly kind: 'critical'; readonly metrics: readonly string[] }
    | { readonly kind: 'noData'; readonly without: number; readonly of: number }
    | null;
}

/** The groups' scores, and their weighted sum unless a critical metric failed or half of the metrics had no data. */
export function scoreOf(metrics: readonly Scored[], weights: KayentaScoring['groups']): Score {
  const groups = groupScores(metrics, weights);
  const critical = metrics.filter((metric) => metric.critical && metric.label !== 'Pass');
  if (critical.length > 0)
    return { summary: 0, groups, failed: { kind: 'critical', metrics: critical.map(({ name }) => name) } };
  const without = metrics.filter(({ label }) => label === 'Nodata').length;
  if ((without / metrics.length) * 100 >= MOST_WITHOUT_DATA)
    return { summary: 0, groups, failed: { kind: 'noData', without, of: metrics.length } };
  let sum = 0;
  for (const { score, noData, weight } of groups) sum += (noData ? 100 : score) * (weight / 100);
  return { summary: toTwoDecimals(sum), groups, failed: null };
}

function groupScores(metrics: readonly Scored[], weights: KayentaScoring['groups']): readonly GroupScore[] {
  const names = [...new Set(metrics.flatMap(({ groups }) => groups))];
  const given = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  const hasWeight = (name: string): boolean => Object.hasOwn(weights, name);
  const unweighted = names.filter((name) => !hasWeight(name)).length;
  return names.map((name) => {
    const labels = metrics.filter(({ groups }) => groups.includes(name)).map(({ label }) => label);
    const count = (...wanted: readonly Label[]): number => labels.filter((label) => wanted.includes(label)).length;
    const total = count('Pass', 'High', 'Low', 'NodataFailMetric');
    return {
      name,
      score: total === 0 ? 0 : (count('Pass') / total) * 100,
      noData: total === 0,
      weight: (hasWeight(name) ? weights[name] : undefined) ?? (100 - given) / unweighted,
    };
  });
}

/** Half up, by the digits of the decimal notation: 5.005 is 5.01. */
function toTwoDecimals(value: number): number {
  if (Math.abs(value) < 0.001) return 0;
  return Math.sign(value) * Number(`${Math.round(Number(`${Math.abs(value)}e2`))}e-2`);
}
