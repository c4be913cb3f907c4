/** Whether the weights of a release can be confirmed at all, as far as that is known before it begins. Pure. */
import type { TrafficPlan } from '../../../src/plan/target.ts';
import type { Acceptance } from './acceptance.ts';
import { destinationRuleOf } from './routers.ts';

export type Confirmable =
  | { readonly verdict: 'yes'; readonly because: string }
  /** `notYet`: what is new may still be reported on. `unknown`: nobody reports, and which policy counts is not known. */
  | { readonly verdict: 'no' | 'notYet' | 'unknown'; readonly because: string; readonly mend: string };

/** An object of a router, and what is said of it now. */
export interface Reported {
  readonly kind: string;
  readonly name: string;
  readonly verdict: Acceptance['verdict'];
  /** RFC 3339; absent: not known. */
  readonly createdAt?: string | undefined;
}

/**
 * After this time whoever reports has reported. istiod writes the status of everything that it has seen within a second
 * (`PILOT_STATUS_UPDATE_INTERVAL`), or once it has a leader again (a lease of 30 s); a controller of the Gateway API when
 * it sees a route.
 */
const NEW_MS = 60_000;

/**
 * A weight is confirmed where all objects that carry it are reported on, or where the router's requests to each side are
 * counted (`routerMetrics`). Who answers at all, even against it, does report; who has been silent for a while stays so.
 *
 * @param counted whether the policy names counters for the cluster; `null`: the policy is not known
 * @param objects those of the plan that are there: what is missing is another failure's to say
 * @example confirmable({ kind: 'replicas' }, true, [], Date.now()).verdict // 'no'
 */
export function confirmable(
  traffic: TrafficPlan,
  counted: boolean | null,
  objects: readonly Reported[],
  nowMs: number,
): Confirmable {
  if (traffic.kind === 'replicas')
    return {
      verdict: 'no',
      because: 'no router splits the requests: the share of the pods is their share',
      mend: `name a router under target.traffic, or ${OR_LEAVE_OUT}`,
    };
  const rule = destinationRuleOf(traffic);
  if (counted && !rule) return { verdict: 'yes', because: 'the requests to both Services are counted (routerMetrics)' };
  const silent = objects.filter(({ verdict }) => verdict === 'silent');
  if (silent.length === 0) return { verdict: 'yes', because: `${objects.map(named).join(', ')} is reported on` };
  const isNew = silent.every(({ createdAt }) => nowMs - Date.parse(createdAt ?? '') < NEW_MS);
  const silence = silent.map((one) => `${named(one)} ${SILENCE[traffic.kind]}`).join(', ');
  return {
    verdict: isNew ? 'notYet' : counted === null && !rule ? 'unknown' : 'no',
    because: `${silence}, and ${uncounted(counted, rule?.name)}`,
    mend: [...(rule ? [] : ['name routerMetrics in the policy']), MENDS[traffic.kind], OR_LEAVE_OUT].join(', or '),
  };
}

function uncounted(counted: boolean | null, rule: string | undefined): string {
  if (rule !== undefined) return `routerMetrics do not tell the subsets of DestinationRule ${rule} apart`;
  return counted === null
    ? 'whether the policy names routerMetrics is not known'
    : 'the policy names no routerMetrics for this cluster';
}

const SILENCE = {
  istio: 'has no condition Reconciled, which istiod writes only where PILOT_ENABLE_STATUS is set',
  gateway: 'has no parent that reports whether it takes it',
};
const MENDS = {
  istio: 'have istiod write a status (PILOT_ENABLE_STATUS=true)',
  gateway: 'let the controller of its Gateway report on it',
};
const OR_LEAVE_OUT = 'leave validation out of the release file, or give it onFailure: phase';

function named({ kind, name }: Reported): string {
  return `${kind} ${name}`;
}
