import type { ArgoPlace } from '../../../src/plan/target.ts';
import { isConflict, type KubernetesClient } from '../../kubernetes/client.ts';
import { hasCode } from '../../kubernetes/connection.ts';
import { fenceOf } from '../../kubernetes/fenced.ts';
import { stale } from '../../kubernetes/lease.ts';
import { DEPLOYMENTS } from '../../kubernetes/types.ts';
import { type KnownImages, type Looked, look, mustBeDriven, named, rolloutAt } from './look.ts';
import type { RolloutObject } from './object.ts';
import { fencedWith, type Patch, unchangedSince } from './patches.ts';

/** What is to be written of a Rollout that was looked at; what is absent stays. */
export interface Writes {
  readonly spec?: Patch;
  readonly status?: Patch;
  /** Of the Deployment that has the pod template. */
  readonly workload?: Patch;
  /** The status goes first and does not wait for the fence: an abort. Both are written by whoever goes back. */
  readonly statusFirst?: true;
}

/** The controller writes the status many times a second while it works. */
const ATTEMPTS = 20;

/**
 * Compare and set: what to write is decided from the object as it is, and anew where anybody wrote in between.
 *
 * @throws SHIPLOCK_FENCE_STALE (not retried); what `decide` throws
 */
export async function write<Result>(
  client: KubernetesClient,
  place: ArgoPlace,
  fence: number,
  decide: (looked: Looked) => { readonly writes: Writes | null; readonly result: Result },
): Promise<Result> {
  const known: KnownImages = new Map();
  for (let attempt = 1; ; attempt += 1) {
    const looked = await look(client, place, known);
    mustBeDriven(looked, place);
    const seen = fenceOf(looked.rollout);
    if (seen > fence) throw stale(named(place), fence, seen);
    const { writes, result } = decide(looked);
    try {
      await carryOut(client, place, fence, looked, writes ?? {});
      return result;
    } catch (error) {
      if (attempt === ATTEMPTS || !(isConflict(error) || (await hasMovedOn(client, place, looked, error)))) throw error;
    }
  }
}

/** A `test` of a patch that fails is an invalid patch to the API server; it was right about what was looked at. */
async function hasMovedOn(
  client: KubernetesClient,
  place: ArgoPlace,
  looked: Looked,
  error: unknown,
): Promise<boolean> {
  if (!hasCode(error, 'SHIPLOCK_KUBERNETES_INVALID')) return false;
  const { rollout, workload } = await look(client, place, new Map());
  return [
    [rollout, looked.rollout],
    [workload, looked.workload],
  ].some(([now, then]) => now?.metadata.resourceVersion !== then?.metadata.resourceVersion);
}

async function carryOut(
  client: KubernetesClient,
  place: ArgoPlace,
  fence: number,
  looked: Looked,
  { spec = [], status = [], workload = [], statusFirst }: Writes,
): Promise<void> {
  const reference = rolloutAt(place);
  let { rollout } = looked;
  const writeStatus = async (): Promise<void> => {
    if (status.length === 0) return;
    rollout = await client.jsonPatch<RolloutObject>(reference, [...status, ...unchangedSince(rollout)], 'status');
  };
  const writeSpec = async (): Promise<void> => {
    // A newer fence is written even where nothing else changes: it makes a stalled older writer's precondition fail.
    if (spec.length === 0 && fenceOf(rollout) === fence) return;
    const patch = [...spec, ...fencedWith(rollout, fence), ...unchangedSince(rollout)];
    rollout = await client.jsonPatch<RolloutObject>(reference, patch);
  };
  if (statusFirst) await writeStatus();
  await writeSpec();
  if (workload.length > 0 && looked.workload) {
    const { namespace, name } = { namespace: place.namespace, name: looked.workload.metadata.name };
    await client.jsonPatch({ type: DEPLOYMENTS, namespace, name }, [...workload, ...unchangedSince(looked.workload)]);
  }
  if (!statusFirst) await writeStatus();
}
