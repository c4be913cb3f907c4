import type { ArgoPlace } from '../../../src/plan/target.ts';
import { failure } from '../../failure.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { DEPLOYMENTS, type ObjectReference, REPLICA_SETS } from '../../kubernetes/types.ts';
import type { RolloutState } from '../port.ts';
import { containerAt } from './image.ts';
import {
  ANALYSIS_RUNS,
  type AnalysisRunObject,
  ROLLOUTS,
  type RolloutObject,
  type Seen,
  type TemplateHolder,
} from './object.ts';
import { ownedByArgo } from './phase.ts';
import { stateOf } from './state.ts';

export interface Looked extends Seen {
  readonly state: RolloutState;
}

/** What is found out once about a pod template stays true. */
export type KnownImages = Map<string, string>;

export function rolloutAt({ namespace, rollout: name }: ArgoPlace): ObjectReference {
  return { type: ROLLOUTS, namespace, name };
}

/**
 * The Rollout with all that belongs to it.
 *
 * @throws SHIPLOCK_ARGO_ROLLOUT_MISSING, SHIPLOCK_ARGO_CONTAINER, SHIPLOCK_ARGO_WORKLOAD, SHIPLOCK_ARGO_NO_CONTROLLER (none
 * is retried)
 */
export async function look(client: KubernetesClient, place: ArgoPlace, known: KnownImages): Promise<Looked> {
  const rollout = await client.get<RolloutObject>(rolloutAt(place));
  if (!rollout) throw missing(place);
  const [workload, images, runs] = await Promise.all([
    workloadOf(client, place, rollout),
    imagesOf(client, place, rollout, known),
    runsOf(client, place, rollout),
  ]);
  const seen: Seen = { rollout, ...(workload && { workload }), images, runs };
  const state = stateOf(seen, place.container);
  if (!state) throw noContainer(place);
  return { ...seen, state };
}

/** @throws SHIPLOCK_ARGO_NO_CONTROLLER for a Rollout that nobody would roll out */
export function mustBeDriven({ rollout }: Pick<Seen, 'rollout'>, place: ArgoPlace): void {
  if (ownedByArgo(rollout)) return;
  throw failure(
    {
      code: 'SHIPLOCK_ARGO_NO_CONTROLLER',
      message: `${named(place)} has no status: no controller of Argo Rollouts looks after it`,
      mend: 'start the controller, or release with platform kubernetes',
    },
    { retry: 'never' },
  );
}

async function workloadOf(
  client: KubernetesClient,
  place: ArgoPlace,
  { spec }: RolloutObject,
): Promise<TemplateHolder | undefined> {
  const { workloadRef } = spec;
  if (!workloadRef) return undefined;
  const { kind = '', name = '' } = workloadRef;
  const workload =
    kind === 'Deployment'
      ? await client.get<TemplateHolder>({ type: DEPLOYMENTS, namespace: place.namespace, name })
      : null;
  if (workload) return workload;
  const because = kind === 'Deployment' ? 'is not there' : 'is of a kind whose image cannot be set';
  throw failure(
    {
      code: 'SHIPLOCK_ARGO_WORKLOAD',
      message: `${named(place)} takes its pods from ${kind} ${name}, which ${because}`,
      mend: 'use a Rollout with a template of its own, or one that refers to a Deployment',
    },
    { retry: 'never' },
  );
}

/** Of the pod templates that the status names beside the present one: the ReplicaSets are called after their hash. */
async function imagesOf(
  client: KubernetesClient,
  { namespace, rollout: name, container }: ArgoPlace,
  { status = {} }: RolloutObject,
  known: KnownImages,
): Promise<Record<string, string>> {
  const { stableRS, canary, blueGreen } = status;
  const { canary: ofCanary, stable } = canary?.weights ?? {};
  const hashes = [stableRS, ofCanary?.podTemplateHash, stable?.podTemplateHash, blueGreen?.activeSelector];
  const wanted = new Set(hashes.filter((hash): hash is string => hash !== undefined && hash !== ''));
  const unknown = [...wanted].filter((hash) => !known.has(hash));
  await Promise.all(
    unknown.map(async (hash) => {
      const reference = { type: REPLICA_SETS, namespace, name: `${name}-${hash}` };
      const image = containerAt((await client.get<TemplateHolder>(reference))?.spec?.template, container)?.image;
      if (image !== undefined) known.set(hash, image);
    }),
  );
  return Object.fromEntries(known);
}

const REVISION = 'rollout.argoproj.io/revision';

/** The status names a run only while it counts, so they are listed: those that the Rollout made for its present revision. */
async function runsOf(
  client: KubernetesClient,
  { namespace }: ArgoPlace,
  { metadata, spec, status = {} }: RolloutObject,
): Promise<readonly AnalysisRunObject[]> {
  const { canary, blueGreen } = spec.strategy ?? {};
  const analyses = [canary?.analysis, blueGreen?.prePromotionAnalysis, blueGreen?.postPromotionAnalysis];
  const judged = [...analyses, ...(canary?.steps ?? []).map(({ analysis }) => analysis)];
  if (!status.currentPodHash || judged.every((analysis) => analysis === undefined)) return [];
  const labelSelector = `rollouts-pod-template-hash=${status.currentPodHash}`;
  const runs = await client.list<AnalysisRunObject>(ANALYSIS_RUNS, namespace, { labelSelector });
  const began = ({ metadata }: AnalysisRunObject): string => `${metadata.creationTimestamp ?? ''} ${metadata.name}`;
  return runs
    .filter(
      (run) =>
        run.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid) &&
        run.metadata.annotations?.[REVISION] === metadata.annotations?.[REVISION],
    )
    .toSorted((one, other) => (began(one) < began(other) ? -1 : 1));
}

export function named({ rollout, namespace, cluster }: ArgoPlace): string {
  return `Rollout ${rollout} in namespace ${namespace} of cluster ${cluster}`;
}

export function missing(place: ArgoPlace): Error {
  return failure(
    {
      code: 'SHIPLOCK_ARGO_ROLLOUT_MISSING',
      message: `there is no ${named(place)}`,
      mend: 'create it, or correct its name in the release file',
    },
    { retry: 'never' },
  );
}

function noContainer(place: ArgoPlace): Error {
  return failure(
    {
      code: 'SHIPLOCK_ARGO_CONTAINER',
      message: `the pods of ${named(place)} have no container ${place.container} with an image`,
      mend: 'correct target.container in the release file',
    },
    { retry: 'never' },
  );
}
