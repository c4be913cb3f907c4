/** Where a plan runs, in a few words: the head of its table, and the rows of a target on Kubernetes. */
import { formatDuration } from '../duration.ts';
import { imagesOf } from '../images.ts';
import type { Target } from '../plan.ts';
import type { ScalePlan, TrafficPlan } from '../target.ts';
import { type Row, row } from './row.ts';

export function targetText(target: Target): string {
  switch (target.platform) {
    case 'local':
      return `on local: ${target.replicas} × ${target.command.join(' ')}`;
    case 'kubernetes':
      return `on kubernetes: ${target.replicas} ${target.replicas === 1 ? 'pod' : 'pods'} in ${target.cluster}/${target.namespace}`;
    case 'argo':
      return `on argo: Rollout ${target.rollout} in ${target.cluster}/${target.namespace}`;
    default:
      return target satisfies never;
  }
}

export function targetRows(target: Target): Row[] {
  if (target.platform === 'local' || target.platform === 'argo') return [];
  const { adopts, configMaps, scale, traffic } = target;
  return [
    row(null, 'target', `pods of ${imagesOf(target).join(', ')}`),
    row(null, 'target', `traffic by ${trafficText(traffic)}: ${target.stableService}, ${target.canaryService}`),
    ...(adopts ? [row(null, 'target', `adopts Deployment ${adopts.name}, ${SCALE_DOWN[adopts.scaleDown]}`)] : []),
    ...(configMaps
      ? [row(null, 'target', `a copy for each revision of ConfigMap ${configMaps.map(({ name }) => name).join(', ')}`)]
      : []),
    row(null, 'target', scaleText(scale, traffic)),
  ];
}

const SCALE_DOWN = {
  never: 'whose pods stay',
  onsuccess: 'scaled to zero once the release is through',
  progressively: 'scaled down as the canary grows',
} as const;

function trafficText(traffic: TrafficPlan): string {
  switch (traffic.kind) {
    case 'istio':
      return traffic.virtualServices
        .map(({ name, routes }) => `VirtualService ${name}${routes.length === 0 ? '' : ` (${routes.join(', ')})`}`)
        .join(', ');
    case 'gateway':
      return traffic.routes.map(({ kind, name }) => `${kind} ${name}`).join(', ');
    case 'replicas':
      return 'the share of the pods';
    default:
      return traffic satisfies never;
  }
}

function scaleText(scale: ScalePlan, traffic: TrafficPlan): string {
  if (traffic.kind === 'replicas') return `at most ${scale.maxSurge} pods more, ${scale.maxUnavailable} fewer`;
  const stable = scale.dynamicStableScale
    ? 'the stable side shrinks as the canary grows'
    : 'the stable side stays whole';
  const delay = scale.abortScaleDownDelayMs;
  const aborted = delay === null ? 'stay' : delay === 0 ? 'end at once' : `end after ${formatDuration(delay)}`;
  const least = scale.minPodsPerReplicaSet > 1 ? `, ${scale.minPodsPerReplicaSet} pods of each at the least` : '';
  return `${stable}${least}; pods of an aborted canary ${aborted}`;
}
