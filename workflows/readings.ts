/** Taking one reading of a metric: asking its provider, or running its job. Judging it is for others. */
import { ActivityFailure, isCancellation, patched } from '@temporalio/workflow';
import type { MeasureRequest, Reading } from '../activities/metrics/port.ts';
import type { JobCommand, MetricPlan } from '../src/plan/plan.ts';
import { addressOf, isJob, queryText, withTexts } from '../src/plan/provider.ts';
import { revisionId } from '../src/rollout/revision-id.ts';
import { building, reading } from './activities.ts';
import { onBuildHost } from './build-host.ts';
import type { Release } from './control.ts';
import { runKubernetesJob } from './kubernetes-jobs.ts';
import { keyOf, rootMessage } from './steps.ts';

/** Whose reading it is, for whatever keeps readings apart. */
export interface ReadingName {
  readonly analysis: string;
  /** Counts the metric's readings, from 1; a job that was cut short is the same reading again. */
  readonly number: number;
}

/** A reading that could not be taken is a reading, too: an error. Throws only where it is cancelled. */
export async function takeReading(release: Release, name: ReadingName, metric: MetricPlan): Promise<Reading> {
  const filled = withRevisions(release, metric);
  try {
    switch (filled.provider.kind) {
      case 'job':
        return await runJob(release, name, metric.name, filled.provider);
      case 'kubernetesJob':
        return await runKubernetesJob(release, name, metric, filled.provider);
      default:
        return await ask(release, name, filled);
    }
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const { provider } = filled;
    const asked = { address: addressOf(provider) ?? '', query: queryText(provider) };
    const because = isJob(provider) ? rootMessage(error) : (error.cause?.message ?? error.message);
    return { at: new Date().toISOString(), ...asked, window: '', raw: '', error: because, beside: '' };
  }
}

function ask(release: Release, { analysis }: ReadingName, plan: MetricPlan): Promise<Reading> {
  const { provider } = plan;
  const traffic = plan.lowTraffic ? { requests: plan.lowTraffic.requests } : {};
  const request = { provider, beside: besideOf(release, plan), ...traffic };
  const named = { environment: release.plan.environment, metric: `${analysis}/${plan.name}` };
  return measureNamed(plan.name, request, named);
}

/** Releases that are open since before readings were shared, and old histories, do not say where and whose. */
export function measureNamed(
  summary: string,
  request: MeasureRequest,
  name: Required<Pick<MeasureRequest, 'environment' | 'metric'>>,
): Promise<Reading> {
  const { measure } = reading(summary, request.provider.timeoutMs);
  return measure(patched('named-readings') ? { ...request, ...name } : request);
}

/** On this release's build host; what an earlier attempt at the same reading left running is ended there. */
function runJob(
  release: Release,
  { analysis, number }: ReadingName,
  metric: string,
  job: JobCommand,
): Promise<Reading> {
  const key = keyOf(release, `${analysis}/${metric}/${number}`);
  const { target } = release.plan;
  const directory = job.directory ?? (target.platform === 'local' ? target.directory : '/');
  return onBuildHost(release, (host) => building(metric, host, job.timeoutMs).runJob({ job, directory, key }));
}

/** `{{revision.stable}}` and `{{revision.latest}}`, Argo's podTemplateHashValue, as the platform names revisions. */
function withRevisions(release: Release, plan: MetricPlan): MetricPlan {
  const { target, version } = release.plan;
  const named = (revision: string) => (target.platform === 'kubernetes' && revision ? revisionId(revision) : revision);
  const stable = named(release.state.admission?.before.stable ?? '');
  const latest = named(version);
  const filled = (text: string) =>
    text.replaceAll('{{revision.stable}}', stable).replaceAll('{{revision.latest}}', latest);
  return { ...plan, provider: withTexts(plan.provider, filled) };
}

/** The same query about the stable side, or the baseline, where a query of Prometheus names the canary's service. */
function besideOf(release: Release, { provider, comparison }: MetricPlan): string | undefined {
  const { target, canary } = release.plan;
  if (provider.kind !== 'prometheus' || !provider.query.includes(target.canaryService)) return undefined;
  const other = (comparison && canary.baselineService) ?? target.stableService;
  return provider.query.replaceAll(target.canaryService, other);
}
