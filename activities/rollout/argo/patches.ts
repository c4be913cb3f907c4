/**
 * The JSON Patches (RFC 6902) by which a Rollout is asked for something: what Argo's kubectl plugin writes
 * (argo-rollouts v1.10.1, `pkg/kubectl-argo-rollouts/cmd/{promote,abort,retry,pause}`), each with a precondition on the
 * object that was looked at.
 */
import { FENCE_ANNOTATION } from '../../kubernetes/names.ts';
import { type JsonPatchOperation, type KubernetesObject, pointerSegment } from '../../kubernetes/types.ts';
import type { RolloutObject } from './object.ts';

export type Patch = readonly JsonPatchOperation[];

/**
 * Somebody else wrote in between: 409. A patch that *sets* another resourceVersion than the current one is answered so,
 * where a `test` that fails is a 422 like any invalid patch.
 */
export function unchangedSince({ metadata }: Pick<KubernetesObject, 'metadata'>): Patch {
  return [{ op: 'replace', path: '/metadata/resourceVersion', value: metadata.resourceVersion }];
}

/** The number of the last write of ours. */
export function fencedWith({ metadata }: Pick<KubernetesObject, 'metadata'>, fence: number): Patch {
  const annotations = '/metadata/annotations';
  if (!metadata.annotations) return [{ op: 'add', path: annotations, value: { [FENCE_ANNOTATION]: `${fence}` } }];
  return [{ op: 'add', path: `${annotations}/${pointerSegment(FENCE_ANNOTATION)}`, value: `${fence}` }];
}

/**
 * Ends the pause at which the Rollout stands. After a step's own analysis that could not decide, the step is over, too:
 * else the controller would pause again at once. Never another step than the one that was looked at.
 */
export function promoted({ spec, status = {} }: RolloutObject): { readonly spec: Patch; readonly status: Patch } {
  const { pauseConditions = [], controllerPause = false, currentStepIndex, canary } = status;
  const atStep: Patch =
    currentStepIndex === undefined ? [] : [{ op: 'test', path: '/status/currentStepIndex', value: currentStepIndex }];
  const undecided = canary?.currentStepAnalysisRunStatus?.status === 'Inconclusive' && controllerPause;
  const steps = spec.strategy?.canary?.steps ?? [];
  const on: Patch =
    undecided && currentStepIndex !== undefined && currentStepIndex < steps.length
      ? [
          { op: 'add', path: '/status/controllerPause', value: false },
          { op: 'add', path: '/status/currentStepIndex', value: currentStepIndex + 1 },
        ]
      : [];
  const none = { op: 'add', path: '/status/pauseConditions', value: [] } as const;
  const clear: Patch = pauseConditions.length > 0 ? [none, ...on] : [];
  return { spec: spec.paused ? held(false) : [], status: clear.length > 0 ? [...atStep, ...clear] : [] };
}

export function held(value: boolean): Patch {
  return [{ op: 'add', path: '/spec/paused', value }];
}

export const promotedFully: Patch = [{ op: 'add', path: '/status/promoteFull', value: true }];

export const aborted: Patch = [
  { op: 'add', path: '/status/abort', value: true },
  { op: 'add', path: '/status/promoteFull', value: false },
];

export const retried: Patch = [{ op: 'add', path: '/status/abort', value: false }];
