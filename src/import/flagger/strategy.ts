/** Which of Flagger's strategies a Canary has. */
import type { Path } from '../../plan/problem.ts';
import type { Ledger } from '../ledger.ts';
import type { Analysis, ProviderName } from './canary-schema.ts';
import { headerRoute, mirrorRoute, type OwnRoute } from './routes.ts';
import { weightsOf } from './weights.ts';

export type Strategy =
  | { readonly kind: 'weights'; readonly weights: readonly number[]; readonly mirror?: OwnRoute }
  | { readonly kind: 'headers'; readonly iterations: number; readonly route: OwnRoute }
  | { readonly kind: 'iterations'; readonly iterations: number }
  | { readonly kind: 'skip' };

/** Where Flagger has no router it looks so often, whatever is written (flagger `scheduler.go`). */
const KUBERNETES_ITERATIONS = 10;
/** Three good readings, as for every release, or as many as there are weights. */
export const READINGS = 3;

export function strategyOf(
  analysis: Analysis,
  provider: ProviderName,
  {
    at,
    routed,
    service,
    ledger,
  }: { readonly at: Path; readonly routed: boolean; readonly service: string; readonly ledger: Ledger },
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
    const route = headerRoute(service, analysis, at, ledger);
    if (route !== null) return abTest(iterations, route, at, ledger);
  } else if (analysis.match?.length) {
    ledger.unneeded([...at, 'match'], 'says nothing without iterations');
  }
  if (iterations > 0) {
    if (analysis.mirror)
      ledger.refuse(
        [...at, 'mirror'],
        'with iterations requests would be copied for the whole look; they are only before the first weight of a ramp. Remove it',
      );
    return blueGreen(iterations, at, ledger);
  }
  const weights = weightsOf(analysis);
  if (!('stuckAt' in weights)) {
    ledger.kept(
      [...at, analysis.stepWeight ? 'stepWeight' : 'stepWeights'],
      `weights ${weights.join(', ')}, then all traffic`,
    );
    ledger.differs(
      at,
      `fewer than ${Math.min(READINGS, weights.length)} good readings of a metric by the last weight ask a person; Flagger is content with one`,
    );
    if (analysis.maxWeight != null) ledger.kept([...at, 'maxWeight'], 'no further weight once it is reached');
    return { kind: 'weights', weights, ...mirrored(analysis, service, at, ledger) };
  }
  const field = analysis.stepWeight || !analysis.stepWeights?.length ? 'stepWeight' : 'stepWeights';
  const message = `Flagger never gets past weight ${weights.stuckAt}; expected a stepWeight above zero, or weights that rise`;
  ledger.report.error(ledger.source, [...at, field], 'SHIPLOCK_PLAN_RANGE', message, 'key');
  return { kind: 'weights', weights: [100] };
}

function abTest(iterations: number, route: OwnRoute, at: Path, ledger: Ledger): Strategy {
  ledger.kept(
    [...at, 'match'],
    `the route ${route.name} to the canary for ${iterations} intervals, and then all traffic`,
  );
  ledger.kept([...at, 'iterations'], `so long: ${iterations} readings`);
  return { kind: 'headers', iterations, route };
}

function mirrored(analysis: Analysis, service: string, at: Path, ledger: Ledger): { readonly mirror?: OwnRoute } {
  if (!analysis.mirror) return {};
  const mirror = mirrorRoute(service, analysis);
  ledger.kept(
    [...at, 'mirror'],
    `requests are copied to the canary for one interval before the first weight (${mirror.name})`,
  );
  return { mirror };
}

function blueGreen(iterations: number, at: Path, ledger: Ledger): Strategy {
  ledger.kept([...at, 'iterations'], `${iterations} readings of the new side before all traffic moves in one switch`);
  return { kind: 'iterations', iterations };
}
