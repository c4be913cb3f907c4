import { budgetOf } from '../../../src/rollout/budget.ts';
import { nextCounts } from '../../../src/rollout/replace.ts';
import { failure } from '../../failure.ts';
import {
  type FencedWriter,
  fenceOf,
  listRevisions,
  overtaken,
  type Revision,
  readLease,
  type ScaledObject,
} from '../../kubernetes/index.ts';
import type { Readiness, ScaleRequest } from '../port.ts';
import { isUpToDate, readinessOf } from './await-ready.ts';
import { mustBeIdle } from './carries.ts';
import { referenceOf, rolesOf, type Scene, sceneOf, type WorkloadDependencies, writerOf } from './scene.ts';
import { waitFor } from './wait.ts';

export async function scaleRevisions(dependencies: WorkloadDependencies, request: ScaleRequest): Promise<Readiness> {
  const scene = sceneOf(dependencies, request);
  const writer = writerOf(scene, request.fence);
  const until = request.sinceMs + request.deadlineMs;
  if (request.within) return waitFor(until, () => nextStage(scene, writer, request));
  if (scene.place.traffic.kind !== 'replicas')
    for (const [version, replicas] of Object.entries(request.replicas))
      if (replicas === 0) await mustBeIdle(scene, version, 'be scaled to zero');
  for (const revision of await revisionsOf(scene, request))
    await scaleTo(scene, writer, revision, wantedOf(revision, request));
  return waitFor(until, async () => reached(scene, await revisionsOf(scene, request), request));
}

/** Where pods are the traffic: as far as surge and what must be available allow, again each time that pods came. */
async function nextStage(scene: Scene, writer: FencedWriter, request: ScaleRequest): Promise<Readiness> {
  const { client, place, service } = scene;
  const { within } = request;
  const [lease, all] = await Promise.all([
    readLease(client, { namespace: place.namespace, service }),
    listRevisions(client, place, service),
  ]);
  const revisions = wantedAmong(all, request);
  const roles = rolesOf(lease, all);
  const stable = all.find(({ version }) => version === roles.stable) ?? null;
  // What is not asked for keeps its number, but its pods count: they are the traffic too.
  const others = all.filter((revision) => revision !== stable);
  const asked = others.find(({ version }) => Object.hasOwn(request.replicas, version));
  const canary = asked ?? others.find(({ version }) => version === roles.canary) ?? null;
  if (!within || (stable && canary === null && revisions.length === 0)) return reached(scene, revisions, request);
  const next = nextCounts({
    replicas: within.replicas,
    goal: { canary: canary ? wantedOf(canary, request) : 0, stable: stable ? wantedOf(stable, request) : 0 },
    budget: budgetOf(within),
    canary: servingOf(canary),
    stable: stable && servingOf(stable),
    older: all
      .filter((revision) => revision !== stable && revision !== canary)
      .reduce((sum, each) => sum + each.replicas, 0),
  });
  const steps = [
    [stable, next.stable],
    [canary, next.canary],
  ] as const;
  // Also where nothing is to change: it then carries the number, and an older write under way fails.
  for (const [revision, replicas] of steps) if (revision) await scaleTo(scene, writer, revision, replicas);
  if (steps.some(([revision, replicas]) => revision && revision.replicas !== replicas))
    return { ready: false, because: `${next.stable} pods of the stable side, ${next.canary} of the canary` };
  return reached(scene, revisions, request);
}

function servingOf(revision: Revision | null): { wanted: number; available: number } {
  return revision ? { wanted: revision.replicas, available: revision.ready } : { wanted: 0, available: 0 };
}

/** All are as many as is wanted, ready, and those too many are gone; else pods that do not come are the first reason. */
async function reached(scene: Scene, revisions: readonly Revision[], request: ScaleRequest): Promise<Readiness> {
  const late: string[] = [];
  const waiting: string[] = [];
  const done: string[] = [];
  for (const revision of revisions) {
    const { version, object, replicas, kind } = revision;
    const wanted = kind === 'Deployment' ? replicas : wantedOf(revision, request);
    const pods = object.status?.replicas ?? 0;
    const { ready, because } = await readinessOf(scene, revision, request.sinceMs);
    if (!ready || !isUpToDate(object)) late.push(`${version}: ${because}`);
    if (replicas !== wanted) waiting.push(`${version} stays at ${replicas} replicas of ${wanted} until then`);
    else if (pods > wanted) waiting.push(`${version}: ${pods - wanted} pods are still to go`);
    else done.push(`${version}: ${because}`);
  }
  const reasons = [...late, ...waiting];
  return reasons.length > 0 ? { ready: false, because: reasons.join('; ') } : { ready: true, because: done.join('; ') };
}

async function scaleTo(scene: Scene, writer: FencedWriter, revision: Revision, replicas: number): Promise<void> {
  if (revision.kind === 'Deployment' && replicas < revision.replicas && !mayShrink(scene, revision, replicas)) return;
  const reference = referenceOf(scene, revision);
  const { replicas: seen } = revision.object.spec;
  await writer.patch<ScaledObject>(
    reference,
    (current) => {
      const { replicas: now } = current.spec;
      if (now === replicas) return [];
      if (now !== seen && fenceOf(current) === writer.fence) throw overtaken(reference);
      return [{ op: 'replace', path: '/spec/replicas', value: replicas }];
    },
    revision.object,
  );
}

/** An adopted Deployment shrinks before its time only `progressively`. */
function mayShrink({ place }: Scene, { object }: Revision, replicas: number): boolean {
  const scaleDown = place.adopts?.scaleDown;
  if (scaleDown === 'progressively') return true;
  if (place.traffic.kind !== 'replicas') return false;
  throw failure(
    {
      code: 'SHIPLOCK_KUBERNETES_TARGET',
      message: `Deployment ${object.metadata.name} has to shrink to ${replicas} pods, but its scaleDown is ${scaleDown}`,
      mend: 'without a router the pods are the traffic: adopt it with scaleDown: progressively',
    },
    { retry: 'never' },
  );
}

async function revisionsOf({ client, place, service }: Scene, request: ScaleRequest): Promise<readonly Revision[]> {
  return wantedAmong(await listRevisions(client, place, service), request);
}

function wantedAmong(all: readonly Revision[], { replicas, service }: ScaleRequest): readonly Revision[] {
  const gone = Object.entries(replicas).find(
    ([version, wanted]) => wanted > 0 && !all.some((revision) => revision.version === version),
  );
  if (!gone) return all.filter(({ version }) => Object.hasOwn(replicas, version));
  throw failure(
    { code: 'SHIPLOCK_KUBERNETES_REVISION_GONE', message: `there is no revision ${gone[0]} of ${service} to scale` },
    { retry: 'later' },
  );
}

/** What is not asked for stays as it is. */
function wantedOf({ version, replicas }: Revision, request: ScaleRequest): number {
  return request.replicas[version] ?? replicas;
}
