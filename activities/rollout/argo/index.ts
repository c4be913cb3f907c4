/** Drives Argo Rollouts' own controller through its objects. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { ArgoPlace, Whereabouts } from '../../../src/plan/target.ts';
import { failure } from '../../failure.ts';
import type { KubernetesClient, KubernetesClusters } from '../../kubernetes/client.ts';
import { fenceOf } from '../../kubernetes/fenced.ts';
import type { Answered, ImageSet, Restored, RolloutActivities, RolloutOfImage } from '../port.ts';
import { containerAt } from './image.ts';
import { type KnownImages, type Looked, look, mustBeDriven, named } from './look.ts';
import { aborted, held, type Patch, promoted, promotedFully, retried } from './patches.ts';
import { untilNextLook } from './patience.ts';
import { templateOf } from './state.ts';
import { nextOnTheWayBack } from './way-back.ts';
import { type Writes, write } from './write.ts';

export { requireRollout } from './admitted.ts';
export { refuseOwned } from './owned.ts';

/** On the way back every moment counts. */
const BETWEEN_LOOKS_BACK_MS = 100;
/** Below the 5 s after which a silent worker counts as dead. */
const PULSE_MS = 1_000;

/**
 * @example
 * const { describeRollout } = argoRollouts({ clusters: kubernetesClusters(policy.clusters, { signal: cancellationSignal }) });
 */
export function argoRollouts({ clusters }: { readonly clusters: KubernetesClusters }): RolloutActivities {
  const open = (request: Whereabouts): { client: KubernetesClient; place: ArgoPlace } => {
    const place = argoPlace(request);
    return { client: clusters.client(place.cluster), place };
  };
  /** A request about the rollout of one image, which nobody replaced meanwhile. */
  const ask = (
    request: RolloutOfImage,
    decide: (looked: Looked) => { writes: Writes } | { unchanged: string },
  ): Promise<Answered> => {
    const { client, place } = open(request);
    return write<Answered>(client, place, request.fence, (looked) => {
      const { state } = looked;
      const decided =
        state.image === request.image ? decide(looked) : { unchanged: `its image is ${state.image} by now` };
      return 'writes' in decided
        ? { writes: decided.writes, result: { outcome: 'written', because: 'asked for' } }
        : { writes: null, result: { outcome: 'unchanged', because: decided.unchanged } };
    });
  };

  return {
    describeRollout: async (request) => {
      const { client, place } = open(request);
      const looked = await look(client, place, new Map());
      mustBeDriven(looked, place);
      return looked.state;
    },

    setRolloutImage: ({ image, from, fence, ...request }) => {
      const { client, place } = open(request);
      return write(client, place, fence, (looked): { writes: Writes | null; result: ImageSet } => {
        const found = looked.state.image;
        if (found === image) return { writes: null, result: { outcome: 'unchanged', image } };
        if (found !== from) return { writes: null, result: { outcome: 'drifted', image: found } };
        return { writes: imageWrites(looked, place, image), result: { outcome: 'written', image } };
      });
    },

    awaitRolloutChange: async ({ mark, deadlineMs, sinceMs, ...request }) => {
      const { client, place } = open(request);
      const known: KnownImages = new Map();
      for (;;) {
        const { state } = await look(client, place, known);
        const quietMs = Date.now() - sinceMs;
        if (state.mark !== mark || quietMs >= deadlineMs) return state;
        const pauseMs = Math.min(untilNextLook(quietMs), deadlineMs - quietMs);
        await pause(pauseMs, `${state.phase}: ${state.because}`);
      }
    },

    promoteRollout: ({ step, since, ...request }) =>
      ask(request, ({ rollout, state }) => {
        const at = state.step?.index ?? null;
        const pausedSince = state.pause?.since ?? null;
        if (!state.observed) return { unchanged: state.because };
        if (state.aborted) return { unchanged: 'it is aborted' };
        if (pausedSince === null && !state.held) return { unchanged: 'it is not paused' };
        if (at !== step || pausedSince !== since) return { unchanged: 'it waits at another pause by now' };
        return { writes: promoted(rollout) };
      }),

    promoteRolloutFully: (request) =>
      ask(request, ({ state }) => {
        if (state.promoted) return { unchanged: 'it is promoted' };
        return { writes: { ...(state.held && { spec: held(false) }), status: promotedFully } };
      }),

    abortRollout: (request) =>
      ask(request, ({ state, rollout }) => {
        if (state.promoted) return { unchanged: 'it is promoted' };
        if (rollout.status?.abort) return { unchanged: 'it is aborted' };
        return { writes: { status: aborted, statusFirst: true } };
      }),

    retryRollout: (request) =>
      ask(request, ({ rollout }) =>
        rollout.status?.abort ? { writes: { status: retried } } : { unchanged: 'it is not aborted' },
      ),

    holdRollout: (request) =>
      ask(request, ({ state }) =>
        state.held === request.held ? { unchanged: 'it is so' } : { writes: { spec: held(request.held) } },
      ),

    restoreRollout: async ({ image, found, stable, fence, deadlineMs, sinceMs, ...request }): Promise<Restored> => {
      const { client, place } = open(request);
      for (;;) {
        const { next, weights } = await write(client, place, fence, (looked) => {
          const fenced = fenceOf(looked.rollout) === fence;
          const next = nextOnTheWayBack(looked.state, looked.rollout, { image, found, stable, fenced });
          const { weights } = looked.state;
          return { writes: wayBackWrites(next.act, looked, place, stable), result: { next, weights } };
        });
        if (next.act === 'leave') throw leftAlone(place, next.because);
        const isOver = next.act === 'done' || Date.now() - sinceMs >= deadlineMs;
        if (isOver) return { done: next.act === 'done', because: next.because, weights };
        await pause(next.act === 'wait' ? BETWEEN_LOOKS_BACK_MS : 0, next.because);
      }
    },
  };
}

/** @throws a failure that is not retried: a release of another platform got here */
export function argoPlace({ place }: Whereabouts): ArgoPlace {
  if (place?.platform === 'argo') return place;
  const message = `Argo's controller does not drive platform ${place?.platform ?? 'local'}`;
  throw failure({ code: 'SHIPLOCK_PLATFORM_UNSUPPORTED', message }, { retry: 'never' });
}

function wayBackWrites(
  act: ReturnType<typeof nextOnTheWayBack>['act'],
  looked: Looked,
  place: ArgoPlace,
  image: string,
): Writes | null {
  switch (act) {
    case 'abort':
      return { ...restored(looked, place, image), status: aborted, statusFirst: true };
    case 'restore':
      return restored(looked, place, image);
    case 'skip':
      return { status: promotedFully };
    case 'fence':
      return {};
    case 'wait':
    case 'done':
    case 'leave':
      return null;
    default:
      return act satisfies never;
  }
}

function restored(looked: Looked, place: ArgoPlace, image: string): Writes {
  const { spec = [], workload } = imageWrites(looked, place, image);
  return { spec: [...spec, ...(looked.state.held ? held(false) : [])], ...(workload && { workload }) };
}

/** Where the pod template is, there the image is set; the Rollout has the fence in either case. */
function imageWrites(looked: Looked, { container }: ArgoPlace, image: string): Writes {
  const at = containerAt(templateOf(looked), container);
  if (!at || at.image === image) return {};
  const patch: Patch = [
    { op: 'test', path: at.path, value: at.image },
    { op: 'replace', path: at.path, value: image },
  ];
  return looked.workload ? { workload: patch } : { spec: patch };
}

/** @throws where the activity is cancelled */
async function pause(ms: number, told: string): Promise<void> {
  const { heartbeat, cancellationSignal } = Context.current();
  for (let left = ms; left >= 0; left -= PULSE_MS) {
    heartbeat(told);
    await sleep(Math.min(left, PULSE_MS), undefined, { signal: cancellationSignal });
  }
}

function leftAlone(place: ArgoPlace, because: string): Error {
  return failure(
    {
      code: 'SHIPLOCK_ARGO_DRIFT',
      message: `${named(place)} was left alone: ${because}`,
      mend: 'look at who set it; then skip this, or put the image back and try again',
    },
    { retry: 'never' },
  );
}
