/** Which of Flagger's strategies a Canary has, and the sections of a release file that do the same. */
import { formatDuration } from '../../plan/duration.ts';
import type { Path } from '../../plan/problem.ts';
import type { Ledger } from '../ledger.ts';
import type { Analyses } from './analyses.ts';
import type { Analysis, ProviderName } from './canary-schema.ts';
import type { WrittenMetric } from './metrics.ts';
import type { Rhythm } from './rhythm.ts';
import type { Hooks } from './webhooks.ts';
import { weightsOf } from './weights.ts';

export type Strategy =
  | { readonly kind: 'weights'; readonly weights: readonly number[] }
  | { readonly kind: 'iterations'; readonly iterations: number }
  | { readonly kind: 'skip' };

/** Where Flagger has no router it looks so often, whatever is written (flagger `scheduler.go`). */
const KUBERNETES_ITERATIONS = 10;
const APPROVAL = '1h';
const WAIT_MS = 60 * 60_000;
/** Three good readings, as for every release, or as many as there are weights. */
const READINGS = 3;

export function strategyOf(
  analysis: Analysis,
  provider: ProviderName,
  { at, routed, ledger }: { readonly at: Path; readonly routed: boolean; readonly ledger: Ledger },
): Strategy {
  const iterations = analysis.iterations ?? 0;
  if (provider === 'kubernetes') {
    if (!routed) {
      const message =
        'looks at the new side while it has no traffic, and then switches; without a router every ready pod gets requests. Name an HTTPRoute with --route, or write steps with setWeight, which move the share of the pods';
      ledger.refuse(['spec', 'provider'], message);
    }
    if (iterations < 1) {
      const text = `Flagger shifts no weights without a router: it looks ${KUBERNETES_ITERATIONS} times and switches; so does this release`;
      ledger.differs([...at, 'iterations'], text);
    }
    if (analysis.match?.length) ledger.unneeded([...at, 'match'], 'Flagger drops it without a router');
    return blueGreen(iterations < 1 ? KUBERNETES_ITERATIONS : iterations, at, ledger);
  }
  if (analysis.match?.length && iterations > 0) {
    const message =
      'A/B testing by headers and cookies has no weights and is not imported; remove match, and it is a blue-green switch';
    ledger.refuse([...at, 'match'], message);
  } else if (analysis.match?.length) {
    ledger.unneeded([...at, 'match'], 'says nothing without iterations');
  }
  if (iterations > 0) return blueGreen(iterations, at, ledger);
  const weights = weightsOf(analysis);
  if (!('stuckAt' in weights)) {
    ledger.kept(
      [...at, analysis.stepWeight ? 'stepWeight' : 'stepWeights'],
      `weights ${weights.join(', ')}, then all traffic`,
    );
    ledger.differs(
      at,
      `fewer than ${READINGS} good readings of a metric by the last weight ask a person; Flagger is content with one`,
    );
    if (analysis.maxWeight != null) ledger.kept([...at, 'maxWeight'], 'no further weight once it is reached');
    return { kind: 'weights', weights };
  }
  const field = analysis.stepWeight || !analysis.stepWeights?.length ? 'stepWeight' : 'stepWeights';
  const message = `Flagger never gets past weight ${weights.stuckAt}; expected a stepWeight above zero, or weights that rise`;
  ledger.report.error(ledger.source, [...at, field], 'SHIPLOCK_PLAN_RANGE', message, 'key');
  return { kind: 'weights', weights: [100] };
}

function blueGreen(iterations: number, at: Path, ledger: Ledger): Strategy {
  ledger.kept([...at, 'iterations'], `${iterations} readings of the new side before all traffic moves in one switch`);
  return { kind: 'iterations', iterations };
}

export interface Judged {
  readonly strategy: Strategy;
  readonly rhythm: Rhythm;
  readonly metrics: readonly WrittenMetric[];
  readonly hooks: Hooks;
  readonly analyses: Analyses;
  readonly readyDeadline: string;
  readonly templates: string;
}

/** `canary`, `promotion` and `cutover`. */
export function sectionsOf(judged: Judged): Record<string, unknown> {
  const { strategy } = judged;
  if (strategy.kind === 'weights') return ramp(judged, strategy.weights);
  return strategy.kind === 'iterations' ? oneSwitch(judged, strategy.iterations) : atOnce(judged);
}

/** Without an analysis all traffic moves once the new side is ready, also where there is no router. */
function atOnce(judged: Judged): Record<string, unknown> {
  const after = judged.analyses.reference('post-rollout', judged.hooks.after);
  const steps = [...beginning(judged), { setWeight: 100 }, ...(after ? [{ analysis: after }] : [])];
  return { canary: { steps, ...common(judged) }, promotion: { automatic: true } };
}

function ramp(judged: Judged, weights: readonly number[]): Record<string, unknown> {
  const { hooks, analyses, rhythm, metrics } = judged;
  const background = analyses.reference('metrics', [...metrics, ...hooks.during]);
  const increase = analyses.reference('confirm-traffic-increase', hooks.increase);
  const promotion = analyses.reference('confirm-promotion', hooks.promotion);
  const grow = [...(hooks.asks.increase ? [{ pause: {} }] : []), ...(increase ? [{ analysis: increase }] : [])];
  const first = beginning(judged);
  const steps = [
    ...first,
    ...weights.flatMap((setWeight) => [...grow, { setWeight }, { pause: { duration: rhythm.interval } }]),
    ...grow,
    ...(promotion ? [{ analysis: promotion }] : []),
  ];
  return {
    canary: {
      steps,
      // Flagger's first look is when the first weight has stood for an interval.
      ...(background ? { background: { ...background, startingStep: first.length + grow.length + 1 } } : {}),
      ...common(judged),
    },
    promotion: hooks.asks.promotion ? { approval: { deadline: APPROVAL } } : { automatic: true },
    ...after(judged, (analysis) => ({ cutover: { after: analysis } })),
  };
}

function oneSwitch(judged: Judged, count: number): Record<string, unknown> {
  const { hooks, analyses, metrics } = judged;
  const counted = (metric: WrittenMetric) => ({
    ...metric,
    count,
    ...(typeof metric.failureLimit === 'number' ? { failureLimit: Math.min(metric.failureLimit, count) } : {}),
  });
  const looks = [...[...metrics, ...hooks.during].map(counted), ...hooks.promotion];
  const before = analyses.reference('metrics', looks);
  const first = beginning(judged);
  const decision = hooks.asks.promotion ? { approval: { deadline: APPROVAL } } : { automatic: true };
  return {
    canary: { ...(first.length > 0 ? { steps: first } : {}), ...common(judged) },
    cutover: { ...(before ? { before } : {}), ...decision, ...after(judged, (analysis) => ({ after: analysis })) },
  };
}

const after = (judged: Judged, made: (analysis: object) => object): object => {
  const analysis = judged.analyses.reference('post-rollout', judged.hooks.after);
  return analysis === null ? {} : made(analysis);
};

/** Before any traffic: a person, then the calls that must succeed. */
function beginning({ hooks, analyses }: Judged): object[] {
  const before = analyses.reference('pre-rollout', hooks.before);
  return [...(hooks.asks.begin ? [{ pause: {} }] : []), ...(before ? [{ analysis: before }] : [])];
}

function common(judged: Judged): object {
  const { strategy, hooks, rhythm, readyDeadline, templates, analyses } = judged;
  const waits = hooks.increase.length + hooks.promotion.length > 0;
  const count = strategy.kind === 'iterations' ? strategy.iterations : 0;
  const deadlineMs = Math.max(WAIT_MS, 2 * count * rhythm.intervalMs);
  const readings = strategy.kind === 'weights' ? Math.min(READINGS, strategy.weights.length) : READINGS;
  const settings = {
    ...(readings < READINGS ? { minimumReadings: readings } : {}),
    ...(waits ? { deadline: formatDuration(deadlineMs) } : {}),
  };
  return {
    ...(analyses.manifests().length > 0 ? { templates: [templates] } : {}),
    readyDeadline,
    ...(Object.keys(settings).length > 0 ? { analysis: settings } : {}),
  };
}
