import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import type { ImagePlan } from '../../src/plan/plan.ts';
import { building } from '../activities.ts';
import { onBuildHost } from '../build-host.ts';
import { GoBack, type Release } from '../control.ts';
import { keyOf, rootMessage, step } from '../steps.ts';

/** Long enough to ask a registry where nothing is built. */
const LOOKUP_TIMEOUT_MS = 60_000;

/** The image that the version stands for. One that was pushed for nothing stays: nothing refers to it. */
export async function image(release: Release): Promise<void> {
  const { image: planned } = release.plan;
  if (!planned) return;
  release.state.phase = 'image';
  await step(release, 'image', () => prepare(release, planned));
}

async function prepare(release: Release, planned: ImagePlan): Promise<string> {
  const { state, plan } = release;
  const timeoutMs = planned.build?.timeoutMs ?? LOOKUP_TIMEOUT_MS;
  const request = { image: planned, version: plan.version, key: keyOf(release, 'image') };
  try {
    state.image = await onBuildHost(release, (host) => building('image', host, timeoutMs).prepareImage(request));
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    throw new GoBack({ outcome: 'rejected', because: `image: ${rootMessage(error)}` });
  }
  return `${state.image.digest.slice(0, 19)}, ${state.image.because}`;
}
