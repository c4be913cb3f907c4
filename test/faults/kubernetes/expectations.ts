/** What a release on Kubernetes must come to, written by hand from docs/kubernetes.md. */
import { released, rolledBack } from '../expectations.ts';
import { isCanary, type Kind } from '../kinds.ts';
import { CANARY, STABLE } from '../plan.ts';
import type { Demanded } from '../platform.ts';
import { SETTINGS } from './plan.ts';

/** The first number of the second release of a service; an abort counts one further. */
const FENCE = 2000;

const RAMP = [
  `lease: ${FENCE}, stable ${STABLE}, canary -`,
  `lease: ${FENCE}, stable ${STABLE}, canary ${CANARY}`,
  `${CANARY}: 0 pods, canary`,
  `${CANARY}: 1 pods, canary`,
  `<service>-canary: selects ${CANARY}`,
  'route: 80/20',
  'route: 50/50',
];
const FORTH = [
  ...RAMP,
  `${CANARY}: 2 pods, canary`,
  'route: 0/100',
  `<service>-stable: selects ${CANARY}`,
  'route: 100/0',
  `lease: ${FENCE}, stable ${CANARY}, canary -`,
  `${CANARY}: 2 pods, stable`,
  `${STABLE}: 2 pods, no role`,
  `${STABLE} is gone`,
];
const BACK = [
  ...RAMP,
  `lease: ${FENCE + 1}, stable ${STABLE}, canary ${CANARY}`,
  'route: 100/0',
  `${CANARY} is gone`,
  `<service>-canary: selects ${STABLE}`,
  `lease: ${FENCE + 1}, stable ${STABLE}, canary -`,
];

/** Of the version that is stable; nothing of the other one. */
const leftOf = (version: string): string[] => [
  `ConfigMap ${SETTINGS}-${version}`,
  'ConfigMap shiplock-<service>',
  'HTTPRoute <service>',
  `Pod ${version} stable`,
  `Pod ${version} stable`,
  `ReplicaSet <service>-${version} ${version} stable`,
  'Service <service>-canary',
  'Service <service>-stable',
];

export function demandedOnKubernetes(kind: Kind): Demanded {
  if (!isCanary(kind)) throw new TypeError(`${kind} is not released on Kubernetes`);
  return kind === 'good' ? released(FORTH, leftOf(CANARY)) : rolledBack(BACK, leftOf(STABLE));
}
