/** The numbers of the page: both sides' traffic, and every metric with its rule and its readings. Pure. */
import { code, prose, table, text } from './markdown.ts';
import type { MetricProgress, Progress, ReleaseStatus } from './messages.ts';

/** Characters of a reading in the table; a longer one would push the columns after it out of the panel. */
const READING_SHOWN = 20;

/** Canary beside stable, each metric with its rule and how its readings were judged. */
export function numbers(status: ReleaseStatus): string {
  const { from, version, weights, metrics, progress } = status;
  if (Object.keys(weights).length === 0) return '';
  const share = (of: string): string => `${weights[of] ?? 0} %`;
  if (from === null) return table(['', `new ${version}`, ''], [['traffic', share(version), '']]);
  const besideOthers = metrics.filter((one) => !isComparison(one));
  const rows = [
    ['traffic', share(from), share(version), ''],
    ...others(status, from),
    ...besideOthers.map((one) => metric(one, progress)),
  ];
  return [table(['', `old ${from}`, `new ${version}`, 'readings'], rows), comparisons(status, from)]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Traffic of a fresh copy of the old version. */
function others({ weights, version }: ReleaseStatus, from: string): string[][] {
  const more = Object.entries(weights).filter(([name, share]) => name !== from && name !== version && share > 0);
  return more.map(([name, share]) => [text(name), `${share} %`, '', '']);
}

const isComparison = ({ analysis }: MetricProgress): boolean => analysis === 'comparison';

/** What they say is both sides' numbers in a sentence, for which no column is wide enough. */
function comparisons({ metrics, because: told }: ReleaseStatus, from: string): string {
  const lines = metrics.filter(isComparison).map(({ because, ...metric }) => {
    const why = because === '' ? '' : told.includes(because) ? ': as said above' : `: ${prose(because)}`;
    const state = isAgainst(metric) ? `**${metric.state}**, ` : '';
    return `• **${text(metric.metric)}**, ${code(metric.condition)}: ${state}${counts(metric)}${why}`;
  });
  return lines.length === 0 ? '' : `### Compared with ${text(from)}\n\n${lines.join('\n')}`;
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
  if (analysis === 'cutover-before') return 'before the switch';
  if (analysis === 'cutover-after') return 'after the switch';
  const place = progress.findIndex(({ name }) => name === analysis);
  const earlier = progress.slice(0, Math.max(place, 0));
  const set = earlier.findLast(({ name, title }) => name.startsWith(analysis.replace(/\d+$/, '')) && / %/.test(title));
  return set ? `at ${set.title.replace(/^.*?(\d+ %)/, '$1')}` : analysis.replace('-', ' ');
}

/** The answer of a query is a list; nearly always of one number. */
function reading(value: string | undefined): string {
  const plain = value?.replace(/^\[([^,\]]*)\]$/, '$1') || '–';
  return text(plain.length > READING_SHOWN ? `${plain.slice(0, READING_SHOWN - 1)}…` : plain);
}

function tally(metric: MetricProgress): string {
  return isAgainst(metric) ? `${counts(metric)}: **${metric.state}**, ${text(metric.because)}` : counts(metric);
}

function counts({ good, failed, inconclusive, errors }: Omit<MetricProgress, 'because'>): string {
  const all = { good, failed, inconclusive, [errors === 1 ? 'error' : 'errors']: errors };
  const some = Object.entries(all).filter(([, count]) => count > 0);
  return some.map(([name, count]) => `${count} ${name}`).join(', ') || 'none yet';
}

const isAgainst = ({ state }: Pick<MetricProgress, 'state'>): boolean =>
  state === 'fail' || state === 'inconclusive' || state === 'error';
