/** From the objects that a look has read to what a release has to know. Pure. */
import { createHash } from 'node:crypto';
import { versionOfImage } from '../../kubernetes/image-version.ts';
import type { AnalysisMetric, AnalysisState, RolloutState } from '../port.ts';
import { containerAt } from './image.ts';
import type { AnalysisRunObject, PodTemplate, RolloutObject, Seen } from './object.ts';
import { phaseOf } from './phase.ts';
import { courseOf } from './steps.ts';

/** Argo's default (`utils/defaults/defaults.go`). */
const PROGRESS_DEADLINE_SECONDS = 600;
const VALUES_SHOWN = 3;

export function templateOf({ rollout, workload }: Seen): PodTemplate | undefined {
  return workload ? workload.spec?.template : rollout.spec.template;
}

/** `null`: its pods have no container of this name. */
export function stateOf(seen: Seen, container: string): RolloutState | null {
  const { rollout, workload, images } = seen;
  const { spec, status = {} } = rollout;
  const image = containerAt(templateOf(seen), container)?.image;
  if (image === undefined) return null;
  const { phase, because, observed } = phaseOf(rollout, workload);
  const { currentPodHash = '', stableRS = '' } = status;
  const promoted = observed && stableRS !== '' && currentPodHash === stableRS;
  const stableImage = promoted ? image : images[stableRS];
  const told = {
    image,
    version: versionOfImage(image),
    stable: stableImage === undefined ? null : { image: stableImage, version: versionOfImage(stableImage) },
    phase,
    because,
    observed,
    promoted,
    aborted: observed && status.abort === true,
    promotingFully: status.promoteFull === true,
    held: spec.paused === true,
    ...courseOf(rollout, promoted),
    weights: weightsOf(seen, image, stableImage, promoted),
    analyses: analysesOf(seen),
    progressDeadlineMs: 1_000 * (spec.progressDeadlineSeconds ?? PROGRESS_DEADLINE_SECONDS),
  };
  const mark = createHash('sha256').update(JSON.stringify(told)).digest('hex').slice(0, 16);
  return { ...told, pods: podsOf(rollout), mark };
}

function podsOf({ spec, status = {} }: RolloutObject): RolloutState['pods'] {
  const { updatedReplicas: updated = 0, availableReplicas: available = 0 } = status;
  return { updated, available, wanted: spec.replicas ?? 1 };
}

/** What the controller wrote down of its routes; where it has none, which pods the service has. */
function weightsOf(
  { rollout, images }: Seen,
  image: string,
  stableImage: string | undefined,
  promoted: boolean,
): Readonly<Record<string, number>> {
  const { spec, status = {} } = rollout;
  const { currentPodHash = '', stableRS = '', canary, blueGreen } = status;
  const named = (hash: string | undefined): string | null => {
    const of = hash === stableRS && stableImage ? stableImage : hash === currentPodHash ? image : images[hash ?? ''];
    return of === undefined ? null : versionOfImage(of);
  };
  const shares: [version: string | null, percent: number][] = [];
  if (spec.strategy?.blueGreen) shares.push([named(blueGreen?.activeSelector), 100]);
  else if (canary?.weights) {
    const { canary: ofCanary, stable } = canary.weights;
    shares.push([named(stable.podTemplateHash), stable.weight], [named(ofCanary.podTemplateHash), ofCanary.weight]);
  } else if (stableImage !== undefined) {
    const { replicas = 0, updatedReplicas = 0 } = status;
    const share = promoted ? 100 : replicas === 0 ? 0 : Math.round((100 * updatedReplicas) / replicas);
    shares.push([versionOfImage(stableImage), promoted ? share : 100 - share]);
    if (!promoted) shares.push([named(currentPodHash), share]);
  }
  const weights: Record<string, number> = {};
  for (const [version, percent] of shares)
    if (version !== null && percent > 0) weights[version] = (weights[version] ?? 0) + percent;
  return weights;
}

/** Argo's label `rollout-type`. */
const ROLES: Readonly<Record<string, AnalysisState['role']>> = {
  Step: 'step',
  Background: 'background',
  PrePromotion: 'before',
  PostPromotion: 'after',
};

function analysesOf({ runs }: Seen): AnalysisState[] {
  return runs.map(({ metadata: { name, labels = {} }, status = {} }) => ({
    name,
    role: ROLES[labels['rollout-type'] ?? ''] ?? 'step',
    phase: status.phase ?? 'Pending',
    because: status.message ?? '',
    metrics: (status.metricResults ?? []).map(metricOf),
  }));
}

type MetricResult = NonNullable<NonNullable<AnalysisRunObject['status']>['metricResults']>[number];

function metricOf(result: MetricResult): AnalysisMetric {
  const {
    name,
    phase,
    message: because = '',
    successful = 0,
    failed = 0,
    inconclusive = 0,
    error: errors = 0,
  } = result;
  const values = (result.measurements ?? [])
    .slice(-VALUES_SHOWN)
    .map(({ value, message }) => (value || message || '').slice(0, 200));
  return { name, phase, because, successful, failed, inconclusive, errors, values };
}
