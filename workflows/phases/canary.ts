import type { PauseStep, Step } from '../../src/plan/plan.ts';
import { whereabouts } from '../../src/plan/target.ts';
import { whyKnown } from '../../src/rollout/rollback-window.ts';
import { baselineName, weightsFor } from '../../src/rollout/weights.ts';
import { forward, waiting } from '../activities.ts';
import { besideTheRamp, finishBackground, isEnoughSeen, isShownSafe, runInline, startBackground } from '../analysis.ts';
import { GoBack, type Release } from '../control.ts';
import { setRoute } from '../routes.ts';
import { isWaived } from '../state.ts';
import { ask, keyOf, skip, step } from '../steps.ts';
import { firstReplicas, moveTraffic, scaleCanary, stableOf, weighing, wholeTarget } from '../traffic.ts';

/** The new version beside the old one, with a growing share of the traffic, watched from `startingStep` on. */
export async function canary(release: Release): Promise<void> {
  const { state, plan } = release;
  const { steps } = plan.canary;
  const known = whyKnownHere(release);
  const beside = stableOf(release) && !known ? besideTheRamp(plan) : [];
  state.phase = 'canary';
  await step(release, 'ready', () => bringUp(release));
  for (const [index, planned] of steps.entries()) {
    const name = `step-${index + 1}`;
    if (!stableOf(release)) skip(release, name, 'a first release has no stable side');
    else if (known) skip(release, name, known);
    else if (state.promotedFully) skip(release, name, 'waived by promoteFull');
    else {
      for (const one of beside) if (index >= one.startingStep) startBackground(release, one);
      const isLast = steps.slice(index + 1).every(({ kind }) => kind === 'setWeight');
      await step(release, name, () => take(release, name, planned, isLast));
    }
  }
  for (const one of beside) await finishBackground(release, one);
  const baseline = baselineOf(release);
  if (baseline) await step(release, 'baseline', () => removeBaseline(release, baseline));
  else if (plan.canary.baselineService) skip(release, 'baseline', 'a first release has no stable side');
}

/** Why the ramp is skipped for a version that is known; `null`: it is not. */
function whyKnownHere(release: Release): string | null {
  const { state, plan } = release;
  const { history = [], stable } = state.admission?.before ?? { stable: null };
  const { rollbackWindow } = plan.canary;
  if (!rollbackWindow || !stable) return null;
  return whyKnown({ version: plan.version, history, stable, revisions: rollbackWindow.revisions });
}

/** Starts the new revision beside the stable one; nothing is sent to it before it is ready. */
async function bringUp(release: Release): Promise<string> {
  const { state, plan } = release;
  const { version, target } = plan;
  const at = whereabouts(plan);
  const stable = stableOf(release);
  await clearRemains(release);
  state.undo.push({ kind: 'restoreRoles', stable });
  await forward(`${version} is the canary`).setRoles({ ...at, stable, canary: version, fence: state.fence });
  state.undo.push({ kind: 'removeRevision', version });
  const replicas = firstReplicas(release);
  const request = { ...at, version, target, fence: state.fence, ...(replicas !== undefined && { replicas }) };
  await forward(`start ${version}`).startRevision(request);
  if (replicas !== undefined) state.pods = { ...state.pods, [version]: replicas };
  const { readyDeadlineMs: deadlineMs } = plan.canary;
  const readiness = await waiting(`${version} ready`, deadlineMs).awaitReady({
    ...at,
    version,
    deadlineMs,
    sinceMs: Date.now(),
  });
  if (!readiness.ready) throw new GoBack({ outcome: 'rolledBack', because: `not ready in time: ${readiness.because}` });
  const baseline = await bringUpBaseline(release);
  state.undo.push({ kind: 'restoreTraffic', weights: stable ? { [stable]: 100 } : {} });
  return `${readiness.because}${baseline}`;
}

/** A fresh copy of the stable version, of the canary's size, where comparisons are to be made with one. */
async function bringUpBaseline(release: Release): Promise<string> {
  const { state, plan } = release;
  const at = whereabouts(plan);
  const { baselineService, readyDeadlineMs: deadlineMs } = plan.canary;
  const target = wholeTarget(release);
  if (target.platform === 'argo') return '';
  const { replicas } = target;
  const stable = stableOf(release);
  const version = baselineOf(release);
  if (!baselineService || !stable || !version) return '';
  state.undo.push({ kind: 'removeRevision', version });
  const request = { ...at, version, of: stable, replicas, baselineService, fence: state.fence };
  await forward(`start ${version}`).startBaseline(request);
  const waited = { ...at, version, deadlineMs, sinceMs: Date.now() };
  const { ready, because } = await waiting(`${version} ready`, deadlineMs).awaitReady(waited);
  if (!ready) throw new GoBack({ outcome: 'rolledBack', because: `the baseline is not ready in time: ${because}` });
  return `; baseline: ${because}`;
}

/** The ramp is judged: its share goes back to stable, then it goes itself. */
async function removeBaseline(release: Release, baseline: string): Promise<string> {
  const { state, plan } = release;
  const { version } = plan;
  const at = whereabouts(plan);
  const weight = state.weights[version] ?? 0;
  const weights = weightsFor({ stable: stableOf(release), canary: version, weight });
  const request = { ...at, weights, fence: state.fence, key: keyOf(release, 'baseline') };
  state.weights = (await weighing(release, `${baseline} has no traffic`).setWeights(request)).weights;
  await forward(`remove ${baseline}`).removeRevision({ ...at, version: baseline, fence: state.fence });
  return `${baseline} removed`;
}

/** The revision that comparisons are made with; `null`: the stable side itself. */
function baselineOf({ state, plan }: Release): string | null {
  const before = state.admission?.before;
  if (!plan.canary.baselineService || !before?.stable || before.stable === plan.version) return null;
  const running = before.revisions.map(({ version }) => version);
  return baselineName(before.stable, [...running, plan.version]);
}

/** What a terminated release left behind: its traffic goes back to stable, and its revision goes. */
async function clearRemains(release: Release): Promise<void> {
  const { state, plan } = release;
  const at = whereabouts(plan);
  const stable = stableOf(release);
  const remains = state.admission?.before.revisions.filter((revision) => revision.version !== stable) ?? [];
  if (remains.length === 0) return;
  const weights = stable ? { [stable]: 100 } : {};
  const key = keyOf(release, 'clear-remains');
  await weighing(release, 'clear what an earlier release left').setWeights({ ...at, weights, fence: state.fence, key });
  for (const { version } of remains) {
    await forward(`remove ${version}`).removeRevision({ ...at, version, fence: state.fence });
  }
}

/** @param isLast after it nothing is waited for: what the end of the ramp asks for must have been seen by then */
async function take(release: Release, name: string, planned: Step, isLast: boolean): Promise<string> {
  switch (planned.kind) {
    case 'setWeight':
      return moveTraffic(release, name, { weight: planned.weight, baseline: baselineOf(release) });
    case 'pause':
      return pause(release, name, {
        ...planned,
        isOver: () => isShownSafe(release) && (!isLast || isEnoughSeen(release)),
      });
    case 'analysis':
      return runInline(release, name, planned.analysis);
    case 'setCanaryScale':
      return scaleCanary(release, planned.scale);
    case 'setHeaderRoute':
    case 'setMirrorRoute':
      return setRoute(release, name, planned);
    default:
      return planned satisfies never;
  }
}

/** A pause of the plan, here or in a flag's ramp. */
export async function pause(
  release: Release,
  name: string,
  { durationMs, deadlineMs, isOver = () => false }: Omit<PauseStep, 'kind'> & { readonly isOver?: () => boolean },
): Promise<string> {
  const isOverEarly = (): boolean => durationMs !== null && isOver();
  const answer = await ask(release, {
    kind: 'pause',
    name,
    prompt: durationMs === null ? 'Paused by the plan. Go on?' : 'A timed pause.',
    accepts: ['promote'],
    deadlineMs: durationMs ?? deadlineMs,
    consequence: durationMs === null ? 'goes back' : 'goes on by itself',
    unless: () => isWaived(release.state) || isOverEarly(),
  });
  if (isWaived(release.state)) return 'ended by promoteFull';
  if (answer) return 'ended by promote';
  if (isOverEarly()) return 'ended early: shown to be within the margin';
  if (durationMs === null) throw new GoBack({ outcome: 'rolledBack', because: `${name}: nobody promoted in time` });
  return 'over';
}
