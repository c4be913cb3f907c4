import type { Report } from '../problem.ts';
import { valueAt } from '../shape/check.ts';
import { show } from '../shape/show.ts';
import { nearest } from '../suggest.ts';
import type { Source } from '../yaml/read.ts';

export interface Manifests {
  readonly releases: readonly Source[];
  readonly rollouts: readonly Source[];
  readonly templates: readonly Source[];
}

const KINDS = ['Release', 'Rollout', 'AnalysisTemplate', 'ClusterAnalysisTemplate'];

/**
 * Sorts documents by kind. Other objects of a cluster (Services, VirtualServices) may share a file and are left
 * alone; Argo's other kinds are refused by name.
 */
export function sortManifests(sources: readonly Source[], report: Report): Manifests {
  const releases: Source[] = [];
  const rollouts: Source[] = [];
  const templates: Source[] = [];
  for (const source of sources) {
    const kind = valueAt(source.value, ['kind']);
    if (kind === 'Release') releases.push(source);
    else if (kind === 'Rollout') rollouts.push(source);
    else if (kind === 'AnalysisTemplate' || kind === 'ClusterAnalysisTemplate') templates.push(source);
    else refuseKind(source, kind, report);
  }
  return { releases, rollouts, templates };
}

function refuseKind(source: Source, kind: unknown, report: Report): void {
  const apiVersion = valueAt(source.value, ['apiVersion']);
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') {
    const missing = typeof kind === 'string' ? 'apiVersion' : 'kind';
    const message = `is ${missing === 'kind' && kind !== undefined ? show(kind) : 'missing'}; expected for example ${missing === 'kind' ? 'Release or Rollout' : 'shiplock/v1 or argoproj.io/v1alpha1'}`;
    report.error(source, [missing], 'SHIPLOCK_PLAN_KIND', message, 'key');
  } else if (apiVersion.startsWith('argoproj.io/') && (kind === 'Experiment' || kind === 'AnalysisRun')) {
    const message = `${kind} is known to Argo Rollouts but not supported by this version of Shiplock; remove it`;
    report.error(source, ['kind'], 'SHIPLOCK_PLAN_UNSUPPORTED', message);
  } else if (apiVersion.startsWith('argoproj.io/') || apiVersion.startsWith('shiplock/')) {
    const near = nearest(kind, KINDS);
    const message = `is ${show(kind)}; ${near === null ? `expected ${KINDS.join(', ')}` : `did you mean ${near}?`}`;
    report.error(source, ['kind'], 'SHIPLOCK_PLAN_KIND', message);
  }
}
