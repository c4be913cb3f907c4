/** The sections of a release file that do what a Canary of Flagger's does. */
import { formatDuration } from '../../plan/duration.ts';
import type { Analyses } from './analyses.ts';
import type { WrittenMetric } from './metrics.ts';
import type { Rhythm } from './rhythm.ts';
import { READINGS, type Strategy } from './strategy.ts';
import type { Hooks } from './webhooks.ts';

const APPROVAL = '1h';
const WAIT_MS = 60 * 60_000;

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
  if (strategy.kind === 'weights') return ramp(judged, strategy);
  if (strategy.kind === 'headers') return routed(judged, strategy);
  return strategy.kind === 'iterations' ? oneSwitch(judged, strategy.iterations) : atOnce(judged);
}

/** Without an analysis all traffic moves once the new side is ready, also where there is no router. */
function atOnce(judged: Judged): Record<string, unknown> {
  const after = judged.analyses.reference('post-rollout', judged.hooks.after);
  const steps = [...beginning(judged), { setWeight: 100 }, ...(after ? [{ analysis: after }] : [])];
  return { canary: { steps, ...common(judged) }, promotion: { automatic: true } };
}

/** Requests that match go to the canary, for as long as there are readings to be taken. */
function routed(
  judged: Judged,
  { iterations, route }: Extract<Strategy, { kind: 'headers' }>,
): Record<string, unknown> {
  const { hooks, analyses, rhythm, metrics } = judged;
  const background = analyses.reference('metrics', [...metrics, ...hooks.during]);
  const promotion = analyses.reference('confirm-promotion', hooks.promotion);
  const first = beginning(judged);
  const steps = [
    ...first,
    route.made,
    { pause: { duration: formatDuration(iterations * rhythm.intervalMs) } },
    ...(promotion ? [{ analysis: promotion }] : []),
    route.removed,
  ];
  return {
    canary: {
      steps,
      ...(background ? { background: { ...background, startingStep: first.length + 1 } } : {}),
      ...common(judged),
    },
    promotion: hooks.asks.promotion ? { approval: { deadline: APPROVAL } } : { automatic: true },
    ...after(judged, (analysis) => ({ cutover: { after: analysis } })),
  };
}

function ramp(judged: Judged, { weights, mirror }: Extract<Strategy, { kind: 'weights' }>): Record<string, unknown> {
  const { hooks, analyses, rhythm, metrics } = judged;
  const background = analyses.reference('metrics', [...metrics, ...hooks.during]);
  const increase = analyses.reference('confirm-traffic-increase', hooks.increase);
  const promotion = analyses.reference('confirm-promotion', hooks.promotion);
  const grow = [...(hooks.asks.increase ? [{ pause: {} }] : []), ...(increase ? [{ analysis: increase }] : [])];
  const first = beginning(judged);
  const copied = mirror ? [mirror.made, { pause: { duration: rhythm.interval } }, mirror.removed] : [];
  const steps = [
    ...first,
    ...copied,
    ...weights.flatMap((setWeight) => [...grow, { setWeight }, { pause: { duration: rhythm.interval } }]),
    ...grow,
    ...(promotion ? [{ analysis: promotion }] : []),
  ];
  return {
    canary: {
      steps,
      // Flagger's first look is when the first weight has stood for an interval.
      ...(background
        ? { background: { ...background, startingStep: first.length + (mirror ? 1 : grow.length + 1) } }
        : {}),
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
  const count = 'iterations' in strategy ? strategy.iterations : 0;
  const deadlineMs = Math.max(WAIT_MS, 2 * count * rhythm.intervalMs);
  const most = { weights: 'weights' in strategy ? strategy.weights.length : READINGS, headers: count };
  const readings = strategy.kind in most ? Math.min(READINGS, most[strategy.kind as keyof typeof most]) : READINGS;
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
