/** Moves of the traffic: pods first, then the weight, then the pods that nothing needs any more. */
import { ApplicationFailure, sleep } from '@temporalio/workflow';
import type { WorkloadState } from '../activities/workload/port.ts';
import type { CanaryScale, KubernetesTarget, Target } from '../src/plan/target.ts';
import { whereabouts } from '../src/plan/target.ts';
import { budgetOf } from '../src/rollout/budget.ts';
import { scaleFor } from '../src/rollout/replicas.ts';
import { weightsFor } from '../src/rollout/weights.ts';
import { forward, undo, undoWaiting, waiting } from './activities.ts';
import { GoBack, type Release } from './control.ts';
import { keyOf } from './steps.ts';

/** The version that is replaced; `null` for a first release. */
export function stableOf(release: Release): string | null {
  return release.state.admission?.before.stable ?? null;
}

/**
 * Sends this share (percent) of the traffic to the new version. The platform refuses what cannot be served, so the side
 * that grows has its pods first.
 */
export async function moveTraffic(
  release: Release,
  name: string,
  { weight, baseline = null }: { readonly weight: number; readonly baseline?: string | null },
): Promise<string> {
  const { state, plan } = release;
  const { version } = plan;
  const scales = isScaled(release);
  const grown = scales ? await scale(release, weight, 'grow') : '';
  const weights = weightsFor({ stable: stableOf(release), canary: version, weight, baseline });
  const request = { ...whereabouts(plan), weights, fence: state.fence, key: keyOf(release, name) };
  const traffic = await forward(`${version} ${weight} %`).setWeights(request);
  state.weights = traffic.weights;
  if (scales) await scale(release, weight, 'shrink');
  return `${grown}${traffic.verified ? 'confirmed by the router' : 'set; the router was not asked'}`;
}

/** Keeps the canary at this size, whatever the weight. */
export async function scaleCanary(release: Release, canaryScale: CanaryScale): Promise<string> {
  const { state, plan } = release;
  state.canaryScale = canaryScale;
  const weight = state.weights[plan.version] ?? 0;
  const grown = await scale(release, weight, 'grow');
  await scale(release, weight, 'shrink');
  return grown || `${podsOf(release, plan.version)} pods`;
}

/** How many pods the new version starts with: what the first step wants of it; without a router no more than may be too many. */
export function firstReplicas(release: Release): number | undefined {
  const { canary, cutover } = release.plan;
  const target = wholeTarget(release);
  if (target.platform !== 'kubernetes') return undefined;
  const first = canary.steps.find((step) => step.kind === 'setWeight' || step.kind === 'setCanaryScale');
  if (!stableOf(release) || cutover) return target.replicas;
  const asked = first?.kind === 'setCanaryScale' ? { weight: 0, canaryScale: first.scale } : first;
  const wanted = asked ? Math.max(1, scaleFor({ ...target, ...asked }).canary) : target.replicas;
  return target.traffic.kind === 'replicas' ? Math.min(wanted, budgetOf({ ...target, ...target.scale }).surge) : wanted;
}

/**
 * The target with as many pods as the service has as a whole: those of the plan; where an autoscaler had given the stable
 * side more, as many as those, since it is held until the promotion.
 */
export function wholeTarget({ plan, state }: Release): Target {
  const { target } = plan;
  const before = state.admission?.before;
  if (target.platform !== 'kubernetes' || !before?.autoscaled) return target;
  return { ...target, replicas: Math.max(target.replicas, replicasOf(before, before.stable)) };
}

/**
 * The old side's pods as they were, or as many as carry the traffic now, before that comes back. Without a router they
 * are the traffic, so they are waited for; else they may come while as much of it goes back as can be carried.
 */
export async function restoreScale(release: Release, title: string): Promise<void> {
  const { state, plan } = release;
  const { version } = plan;
  const whole = wholeTarget(release);
  const stable = stableOf(release);
  if (whole.platform !== 'kubernetes' || !stable) return;
  const carrying = isLetGo(release) ? await replicasNow(release, title) : 0;
  const target = { ...whole, replicas: Math.max(whole.replicas, carrying) };
  if (target.replicas === whole.replicas && !shrinksStable(target)) return;
  const isTraffic = target.traffic.kind === 'replicas';
  const replicas = { [stable]: target.replicas, ...(isTraffic && { [version]: 0 }) };
  const deadlineMs = isTraffic ? RESTORE_DEADLINE_MS : 0;
  const request = { ...whereabouts(plan), replicas, fence: state.fence, ...withinOf(target) };
  const { ready, because } = await undoWaiting(title, deadlineMs).scaleRevisions({
    ...request,
    deadlineMs,
    sinceMs: Date.now(),
  });
  if (isTraffic && !ready) throw ApplicationFailure.retryable(`${stable} is short of pods: ${because}`);
  state.pods = { ...state.pods, ...replicas };
}

const RESTORE_DEADLINE_MS = 60_000;

/** With all traffic the new side is promoted, and an autoscaler scales it. */
function isLetGo({ state, plan }: Release): boolean {
  return state.admission?.before.autoscaled === true && state.weights[plan.version] === 100;
}

/** The larger of both sides, so that the old one shrinks in no case. */
async function replicasNow(release: Release, title: string): Promise<number> {
  const now = await undo(title).describeWorkload(whereabouts(release.plan));
  return Math.max(replicasOf(now, release.plan.version), replicasOf(now, stableOf(release)));
}

/**
 * A platform that does not scale must not even be waited for: an `await` more puts what happens at the same time into
 * another order, and recorded releases would no longer replay.
 */
export function isScaled({ plan }: Release): boolean {
  return plan.target.platform === 'kubernetes';
}

/** @returns what to say of it; empty where nothing had to be done. */
async function scale(release: Release, weight: number, direction: 'grow' | 'shrink'): Promise<string> {
  const { state, plan } = release;
  const { version } = plan;
  const target = wholeTarget(release);
  const stable = stableOf(release);
  if (target.platform !== 'kubernetes' || !stable) return '';
  const wanted = scaleFor({ ...target, weight, canaryScale: state.canaryScale });
  const isTraffic = target.traffic.kind === 'replicas';
  const counts = {
    [stable]: shrinksStable(target) ? wanted.stable : podsOf(release, stable),
    [version]: wanted.canary,
  };
  const changes = Object.entries(counts).filter(([which, count]) => {
    const now = podsOf(release, which);
    return isTraffic ? count !== now : direction === 'grow' ? count > now : count < now;
  });
  if (changes.length === 0 || (isTraffic && direction === 'shrink')) return '';
  const replicas = Object.fromEntries(changes);
  const { readyDeadlineMs: deadlineMs } = plan.canary;
  const title = changes.map(([which, count]) => `${count} pods of ${which}`).join(', ');
  const { ready, because } = await waiting(title, deadlineMs).scaleRevisions({
    ...whereabouts(plan),
    replicas,
    fence: state.fence,
    deadlineMs,
    sinceMs: Date.now(),
    ...withinOf(target),
  });
  if (!ready) throw new GoBack({ outcome: 'rolledBack', because: `not ready in time: ${because}` });
  state.pods = { ...state.pods, ...replicas };
  return direction === 'grow' ? `${because}; ` : '';
}

/** The old side is smaller while the new one has its traffic. */
function shrinksStable({ traffic, scale: plan }: KubernetesTarget): boolean {
  return traffic.kind === 'replicas' || plan.dynamicStableScale;
}

function withinOf({ traffic, scale: plan, replicas }: KubernetesTarget) {
  const { maxSurge, maxUnavailable } = plan;
  return traffic.kind === 'replicas' ? { within: { replicas, maxSurge, maxUnavailable } } : {};
}

function podsOf(release: Release, version: string): number {
  const { pods, admission } = release.state;
  return pods?.[version] ?? (admission ? replicasOf(admission.before, version) : 0);
}

function replicasOf({ revisions }: WorkloadState, version: string | null): number {
  return revisions.find((revision) => revision.version === version)?.replicas ?? 0;
}

/** What went back is removed at once, after Argo's `abortScaleDownDelaySeconds`, or with its 0 not at all. */
export function removeAborted(release: Release, title: string, version: string): Promise<void> {
  const { state, plan } = release;
  const delayMs = plan.target.platform === 'kubernetes' ? plan.target.scale.abortScaleDownDelayMs : 0;
  const remove = () => undo(title).removeRevision({ ...whereabouts(plan), version, fence: state.fence });
  if (delayMs === null) return Promise.resolve();
  if (delayMs === 0) return remove();
  return sleep(delayMs, { summary: `${version} stays for the delay of the plan` }).then(remove);
}
