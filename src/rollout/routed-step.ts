import type { SetCanaryScaleStep, SetHeaderRouteStep, SetMirrorRouteStep } from '../plan/plan.ts';
import type { RequestMatch, StringMatch } from '../plan/routes.ts';

/**
 * A step that only a router takes, in a few words.
 *
 * @example routedStepText({ kind: 'setHeaderRoute', name: 'beta', matches: [] }) // 'route beta removed'
 */
export function routedStepText(step: SetCanaryScaleStep | SetHeaderRouteStep | SetMirrorRouteStep): string {
  switch (step.kind) {
    case 'setCanaryScale':
      return scaleText(step.scale);
    case 'setHeaderRoute':
      return step.matches.length === 0
        ? `route ${step.name} removed`
        : `route ${step.name}: ${matchesText(step.matches)} to the canary`;
    case 'setMirrorRoute':
      return step.matches.length === 0
        ? `route ${step.name} removed`
        : `route ${step.name}: ${step.percentage} % of ${matchesText(step.matches)} mirrored to the canary`;
    default:
      return step satisfies never;
  }
}

function scaleText(scale: SetCanaryScaleStep['scale']): string {
  switch (scale.kind) {
    case 'replicas':
      return `the canary has ${scale.replicas} ${scale.replicas === 1 ? 'pod' : 'pods'}`;
    case 'weight':
      return `the canary has the pods of weight ${scale.weight} %`;
    case 'matchTrafficWeight':
      return 'the canary has the pods of its weight';
    default:
      return scale satisfies never;
  }
}

const matchesText = (matches: readonly RequestMatch[]): string => matches.map(matchText).join(' or ');

function matchText({ method, path, headers }: RequestMatch): string {
  const parts = [
    ...(method ? [`method ${valueText(method)}`] : []),
    ...(path ? [`path ${valueText(path)}`] : []),
    ...Object.entries(headers ?? {}).map(([name, value]) => `${name} ${valueText(value)}`),
  ];
  return parts.join(' and ') || 'all requests';
}

const SIGNS = { exact: '=', prefix: '^', regex: '~' } as const;
const valueText = ({ kind, value }: StringMatch): string => `${SIGNS[kind]} ${value}`;
