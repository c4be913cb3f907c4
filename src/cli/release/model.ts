import type { JudgedReading, MetricProgress, Progress, ReleaseStatus, Waiting } from '../../../workflows/messages.ts';
import { formatDuration } from '../../plan/duration.ts';
import type { Tone } from '../paint.ts';

/** One line of the tree, and what hangs below it. */
export interface Node {
  readonly icon: string;
  readonly tone: Tone;
  readonly title: string;
  /** How long it took, or takes; empty where it has not begun. */
  readonly time: string;
  readonly note: string;
  readonly children: readonly Node[];
}

/** Icons as users of `kubectl argo rollouts get rollout` know them. */
export const ICONS = {
  done: '✔',
  failed: '✖',
  running: '◌',
  waiting: '◷',
  paused: '॥',
  warning: '⚠',
  skipped: '•',
  release: '⟳',
  analysis: 'α',
} as const;

const GROUPS: readonly (readonly [title: string, members: RegExp])[] = [
  ['admission', /^admission$/],
  ['gates', /^gate-/],
  ['image', /^image$/],
  ['configuration', /^configuration-/],
  ['expand', /^expand-/],
  ['canary', /^(ready|step-\d+|baseline)$/],
  ['promotion', /^(monitor|promotion|full)$/],
  ['cutover', /^cutover-/],
  ['flags', /^flag-/],
  ['validation', /^validation-/],
  ['window', /^(window|cleanup)$/],
  ['contract', /^contract/],
  ['undoing', /^undo-/],
];

/** The release as a tree: its phases, their steps, and the analyses beside them. */
export function treeOf(status: ReleaseStatus, now: Date): Node[] {
  const known = GROUPS.map(([title, members]) => ({
    title,
    entries: status.progress.filter(({ name }) => members.test(name)),
  }));
  const rest = status.progress.filter(({ name }) => !GROUPS.some(([, members]) => members.test(name)));
  return [...known, ...rest.map((entry) => ({ title: entry.title, entries: [entry] }))]
    .filter(({ entries }) => entries.length > 0)
    .map(({ title, entries }) => groupNode(title, entries, status, now));
}

const BESIDE_THE_RAMP = [
  ['background', 'background analysis'],
  ['comparison', 'comparison with stable'],
] as const;

function groupNode(title: string, entries: readonly Progress[], status: ReleaseStatus, now: Date): Node {
  const only = entries.length === 1 ? entries[0] : undefined;
  if (only && only.title === title) return entryNode(only, status, now);
  const children = entries.map((entry) => entryNode(entry, status, now));
  for (const [name, called] of title === 'canary' ? BESIDE_THE_RAMP : []) {
    const metrics = status.metrics.filter(({ analysis }) => analysis === name);
    if (metrics.length > 0) children.push(analysisNode(called, metrics, status));
  }
  const look = lookOf(overall(entries), waitingOn(entries, status.waiting));
  return { ...look, title, time: spent(entries, now), note: '', children };
}

function entryNode(entry: Progress, status: ReleaseStatus, now: Date): Node {
  const metrics = status.metrics.filter(({ analysis }) => analysis === entry.name);
  return {
    ...lookOf(entry.state, waitingOn([entry], status.waiting)),
    title: entry.title,
    time: spent([entry], now),
    note: noteOf(entry),
    children: metrics.map((metric) => metricNode(metric, status)),
  };
}

/** A reason may begin with the name of its step, which stands before it already. */
export function noteOf({ title, because }: Progress): string {
  return because.startsWith(`${title}: `) ? because.slice(title.length + 2) : because;
}

function analysisNode(title: string, metrics: readonly MetricProgress[], status: ReleaseStatus): Node {
  const children = metrics.map((metric) => metricNode(metric, status));
  const worst =
    children.find(({ tone }) => tone === 'bad') ?? children.find(({ tone }) => tone !== 'good') ?? children[0];
  return { icon: ICONS.analysis, tone: worst?.tone ?? 'quiet', title, time: '', note: '', children };
}

function metricNode(metric: MetricProgress, { phase }: ReleaseStatus): Node {
  const over = phase === 'undoing' || phase === 'ended';
  const state = metric.state === 'running' && over ? 'ended' : metric.state;
  const against = state === 'fail' || state === 'inconclusive' || state === 'error';
  const last = metric.readings.at(-1);
  const parts = [
    ...(last ? [lastOf(last, metric)] : []),
    ...(against && metric.because !== '' ? [becauseOf(metric)] : []),
    countsOf(metric),
  ];
  return {
    ...(state === 'ended' && isGood(metric) ? METRIC_LOOKS.pass : METRIC_LOOKS[state]),
    title: metric.metric,
    time: '',
    note: parts.join('; '),
    children: [],
  };
}

function countsOf({ good, failed, inconclusive, errors }: MetricProgress): string {
  return [
    `${good} good`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(inconclusive > 0 ? [`${inconclusive} inconclusive`] : []),
    ...(errors > 0 ? [`${errors} ${errors === 1 ? 'error' : 'errors'}`] : []),
  ].join(', ');
}

const COMPARISON = 'comparison';

/** A comparison's numbers are of all looks so far, at whatever weight, and both sides' say what they are of. */
function lastOf(reading: JudgedReading, metric: MetricProgress): string {
  if (metric.analysis !== COMPARISON) return `last ${readingOf(reading, metric)}`;
  const { value, beside } = reading;
  const slower = / slower than .*$/.exec(value)?.[0] ?? '';
  return beside === '' ? value : `${value}, stable ${beside.replace(slower, '')}`;
}

/** Of a comparison's sentence its first words: the page, the notes and `-o json` have it whole. */
function becauseOf({ analysis, because }: MetricProgress): string {
  return analysis === COMPARISON ? (because.split(/[:;] /, 1)[0] ?? '') : because;
}

/** The ramp is over, and nothing speaks against it. */
function isGood({ good, failed, inconclusive, errors }: MetricProgress): boolean {
  return good > 0 && failed + inconclusive + errors === 0;
}

/** `[0.98] at 25 %` in the ramp of traffic, with the stable side beside it where that was asked. */
export function readingOf({ value, beside, weight }: JudgedReading, { analysis }: MetricProgress): string {
  const isOfRamp = /^(background|comparison|step-.*)$/.test(analysis);
  const where = isOfRamp ? ` at ${weight} %` : '';
  return `${value}${where}${beside ? ` (stable ${beside})` : ''}`;
}

type Look = Pick<Node, 'icon' | 'tone'>;

const METRIC_LOOKS: Record<MetricProgress['state'], Look> = {
  running: { icon: ICONS.running, tone: 'active' },
  pass: { icon: ICONS.done, tone: 'good' },
  fail: { icon: ICONS.failed, tone: 'bad' },
  inconclusive: { icon: ICONS.warning, tone: 'warning' },
  error: { icon: ICONS.warning, tone: 'bad' },
  ended: { icon: ICONS.skipped, tone: 'quiet' },
};

const LOOKS: Record<Progress['state'], Look> = {
  waiting: { icon: ICONS.waiting, tone: 'quiet' },
  running: { icon: ICONS.running, tone: 'active' },
  done: { icon: ICONS.done, tone: 'good' },
  skipped: { icon: ICONS.skipped, tone: 'quiet' },
  failed: { icon: ICONS.failed, tone: 'bad' },
};

function lookOf(state: Progress['state'], waiting: Waiting | null): Look {
  return waiting ? waitingLook(waiting) : LOOKS[state];
}

/** A wait that was planned is a pause; one that something went wrong for is a warning. */
export function waitingLook({ kind }: Waiting): Look {
  switch (kind) {
    case 'approval':
    case 'pause':
    case 'paused':
    case 'window':
      return { icon: ICONS.paused, tone: 'warning' };
    case 'inconclusive':
    case 'gate':
    case 'undo':
    case 'contract':
      return { icon: ICONS.warning, tone: 'bad' };
    default:
      return kind satisfies never;
  }
}

/** It ends by itself, and nobody is asked. */
export function isTimed({ kind, consequence }: Waiting): boolean {
  return kind === 'window' || (kind === 'pause' && consequence.startsWith('goes on'));
}

/** Tokens read `name@binding`. */
function waitingOn(entries: readonly Progress[], waiting: Waiting | null): Waiting | null {
  if (!waiting) return null;
  const name = waiting.token.split('@', 1)[0];
  return entries.some((entry) => entry.name === name) ? waiting : null;
}

function overall(entries: readonly Progress[]): Progress['state'] {
  const states = entries.map(({ state }) => state);
  if (states.includes('failed')) return 'failed';
  if (states.includes('running')) return 'running';
  if (states.every((state) => state === 'skipped')) return 'skipped';
  if (states.every((state) => state === 'done' || state === 'skipped')) return 'done';
  return states.some((state) => state === 'done') ? 'running' : 'waiting';
}

function spent(entries: readonly Progress[], now: Date): string {
  const starts = entries.flatMap(({ startedAt }) => (startedAt ? [Date.parse(startedAt)] : []));
  if (starts.length === 0) return '';
  const open = entries.some(({ state, startedAt, endedAt }) => startedAt && !endedAt && state === 'running');
  const ends = entries.flatMap(({ endedAt }) => (endedAt ? [Date.parse(endedAt)] : []));
  const end = open || ends.length === 0 ? now.getTime() : Math.max(...ends);
  return lasting(end - Math.min(...starts));
}

/** For what is counted while it is looked at. */
export function wholeSeconds(ms: number): number {
  return Math.ceil(ms / 1_000) * 1_000;
}

/** Whole seconds from ten seconds on: a tree that is redrawn must not flicker. */
export function lasting(ms: number): string {
  const bounded = Math.max(ms, 0);
  return formatDuration(bounded < 10_000 ? Math.round(bounded / 100) * 100 : Math.round(bounded / 1_000) * 1_000);
}
