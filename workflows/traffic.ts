/** The way back of what moved traffic. */
import { whereabouts } from '../src/plan/target.ts';
import { undo } from './activities.ts';
import type { Release } from './control.ts';
import { keyOf } from './steps.ts';

export async function restoreTraffic(
  release: Release,
  title: string,
  weights: Readonly<Record<string, number>>,
): Promise<void> {
  const { state, plan } = release;
  const request = { ...whereabouts(plan), weights, fence: state.fence, key: keyOf(release, 'restore-traffic') };
  state.weights = (await undo(title).setWeights({ ...request, partial: true })).weights;
}

export function removeAborted({ state, plan }: Release, title: string, version: string): Promise<void> {
  return undo(title).removeRevision({ ...whereabouts(plan), version, fence: state.fence });
}
