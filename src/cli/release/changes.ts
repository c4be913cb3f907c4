import type { MetricProgress, Progress, ReleaseStatus, Verdict } from '../../../workflows/messages.ts';
import { type Span, span } from '../paint.ts';
import { answersTo, deadlineOf, decisionLine } from './footer.ts';
import { gateLogs } from './gate-log.ts';
import { at, standing } from './header.ts';
import { ICONS, noteOf, readingOf, waitingLook } from './model.ts';

/**
 * What happened between two looks at a release, one line each: for logs and other places that cannot be redrawn.
 * Without a `before`, everything that has happened so far.
 */
export function changesBetween(before: ReleaseStatus | null, after: ReleaseStatus, now: Date): Span[][] {
  return [
    ...(before ? [] : [opening(after)]),
    ...progressLines(before, after),
    ...gateLogs(before, after),
    ...metricLines(before, after),
    ...trafficLine(before, after),
    ...waitingLines(before, after, now),
    ...after.decisions.filter(({ id }) => !before?.decisions.some((known) => known.id === id)).map(decisionLine),
    ...undoneLines(before, after),
    ...outcomeLine(before, after),
  ];
}

function opening({ id, version, from, startedBy }: ReleaseStatus): Span[] {
  const text = `${ICONS.release} ${id}: ${version}${from ? `, replacing ${from}` : ''}${startedBy ? `, started by ${startedBy}` : ''}`;
  return [span(text, 'strong')];
}

function progressLines(before: ReleaseStatus | null, after: ReleaseStatus): Span[][] {
  return after.progress.flatMap((entry) => {
    const known = before?.progress.find(({ name }) => name === entry.name);
    const moved = known?.state !== entry.state;
    return moved && entry.state !== 'waiting' ? [progressLine(entry)] : [];
  });
}

function progressLine(entry: Progress): Span[] {
  const { state, title, startedAt, endedAt } = entry;
  const because = noteOf(entry);
  const { icon, tone } = LOOKS[state];
  const time = endedAt ?? startedAt;
  return [
    span(`${icon} `, tone),
    span(title),
    ...(because && state !== 'running' ? [span(`: ${because}`, state === 'failed' ? 'bad' : 'quiet')] : []),
    ...(time ? [span(`  ${at(time)}`, 'quiet')] : []),
  ];
}

const LOOKS = {
  waiting: { icon: ICONS.waiting, tone: 'quiet' },
  running: { icon: ICONS.running, tone: 'active' },
  done: { icon: ICONS.done, tone: 'good' },
  skipped: { icon: ICONS.skipped, tone: 'quiet' },
  failed: { icon: ICONS.failed, tone: 'bad' },
} as const;

/** Every reading is told: they are what a verdict rests on. */
function metricLines(before: ReleaseStatus | null, after: ReleaseStatus): Span[][] {
  return after.metrics.flatMap((metric) => {
    const known = before?.metrics.find((old) => old.analysis === metric.analysis && old.metric === metric.metric);
    const last = known?.readings.at(-1)?.at ?? '';
    const readings = metric.readings
      .filter((reading) => reading.at > last)
      .map((reading) => [
        span(`${ICONS.analysis} `, TONES[reading.verdict]),
        span(`${called(metric)} ${readingOf(reading, metric)}: ${reading.verdict}`),
        span(`  ${at(reading.at)}`, 'quiet'),
      ]);
    const settled = metric.state !== 'running' && known?.state !== metric.state;
    return settled
      ? [...readings, [span(`${ICONS.analysis} ${called(metric)}: ${metric.because || metric.state}`)]]
      : readings;
  });
}

/** A template and a comparison may each have a metric of one name. */
const called = ({ analysis, metric }: MetricProgress): string =>
  analysis === 'comparison' ? `${metric} (compared)` : metric;

const TONES = {
  pass: 'good',
  fail: 'bad',
  inconclusive: 'warning',
  error: 'bad',
  skipped: 'quiet',
} as const satisfies Record<Verdict, string>;

function trafficLine(before: ReleaseStatus | null, { weights }: ReleaseStatus): Span[][] {
  if (JSON.stringify(weights) === JSON.stringify(before?.weights ?? {})) return [];
  const split = Object.entries(weights).map(([version, weight]) => `${version} ${weight} %`);
  return [[span('  traffic '), span(split.join(' · '), 'active')]];
}

function waitingLines(before: ReleaseStatus | null, after: ReleaseStatus, now: Date): Span[][] {
  const { waiting } = after;
  if (!waiting || waiting.token === before?.waiting?.token) return [];
  const { icon, tone } = waitingLook(waiting);
  return [
    [span(`${icon} ${waiting.prompt}`, tone), span(`  ${deadlineOf(waiting, now)}`, 'quiet')],
    ...answersTo(after, waiting).map(({ command, effect }) => [span(`  ${command}`), span(`  ${effect}`, 'quiet')]),
  ];
}

function undoneLines(before: ReleaseStatus | null, { undone = [] }: ReleaseStatus): Span[][] {
  const known = before?.undone ?? [];
  const news = undone.filter(({ phase }) => !known.some((old) => old.phase === phase));
  return news.map(({ phase, because }) => [
    span(`${ICONS.warning} without ${phase}`, 'warning'),
    span(`: ${because}; the release stays`),
  ]);
}

function outcomeLine(before: ReleaseStatus | null, after: ReleaseStatus): Span[][] {
  const was = before ? standing(before).text : '';
  const { icon, tone, text } = standing(after);
  if (!after.outcome || text === was) return [];
  return [[span(`${icon} ${after.version} ${text}`, tone), span(after.because ? `: ${after.because}` : '')]];
}
