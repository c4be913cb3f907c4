/** The numbers of the page: both sides' traffic, and every metric with its rule and its readings. Pure. */
import { code, table, text } from './markdown.ts';
import type { MetricProgress, Progress, ReleaseStatus } from './messages.ts';

/** Canary beside stable, each metric with its rule and how its readings were judged. */
export function numbers({ from, version, weights, metrics, progress }: ReleaseStatus): string {
  if (Object.keys(weights).length === 0) return '';
  const share = (of: string): string => `${weights[of] ?? 0} %`;
  if (from === null) return table(['', `new ${version}`, ''], [['traffic', share(version), '']]);
  return table(
    ['', `old ${from}`, `new ${version}`, 'readings'],
    [['traffic', share(from), share(version), ''], ...metrics.map((one) => metric(one, progress))],
  );
}

function metric(metric: MetricProgress, progress: readonly Progress[]): readonly string[] {
  const last = metric.readings.at(-1);
  const when = whenOf(metric, progress);
  const name = when ? `${metric.metric}, ${when}` : metric.metric;
  return [text(name), reading(last?.beside), reading(last?.value), `${code(metric.condition)} ${tally(metric)}`];
}

/** Where in the release an analysis stands, in words; empty for the one beside the ramp. */
function whenOf({ analysis }: MetricProgress, progress: readonly Progress[]): string {
  if (analysis === 'background') return '';
  if (analysis === 'comparison') return 'compared';
  if (analysis === 'cutover-before') return 'before the switch';
  if (analysis === 'cutover-after') return 'after the switch';
  const place = progress.findIndex(({ name }) => name === analysis);
  const earlier = progress.slice(0, Math.max(place, 0));
  const set = earlier.findLast(({ name, title }) => name.startsWith(analysis.replace(/\d+$/, '')) && / %/.test(title));
  return set ? `at ${set.title.replace(/^.*?(\d+ %)/, '$1')}` : analysis.replace('-', ' ');
}

/** The answer of a query is a list; nearly always of one number. */
function reading(value: string | undefined): string {
  return text(value?.replace(/^\[([^,\]]*)\]$/, '$1') || '–');
}

function tally({ good, failed, inconclusive, errors, state, because }: MetricProgress): string {
  const counts = { good, failed, inconclusive, [errors === 1 ? 'error' : 'errors']: errors };
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  const counted = some.map(([name, count]) => `${count} ${name}`).join(', ') || 'none yet';
  const against = state === 'fail' || state === 'inconclusive' || state === 'error';
  return against ? `${counted}: **${state}**, ${text(because)}` : counted;
}
