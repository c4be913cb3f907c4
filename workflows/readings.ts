/** Taking one reading of a metric: asking its provider, or running its job. Judging it is for others. */
import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import type { MeasureRequest, Reading } from '../activities/metrics/port.ts';
import type { JobCommand, MetricPlan } from '../src/plan/plan.ts';
import { addressOf, queryText, withTexts } from '../src/plan/provider.ts';
import { building, reading } from './activities.ts';
import { onBuildHost } from './build-host.ts';
import type { Release } from './control.ts';
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
    return filled.provider.kind === 'job'
      ? await runJob(release, name, metric.name, filled.provider)
      : await ask(release, name, filled);
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const { provider } = filled;
    const asked = { address: addressOf(provider) ?? '', query: queryText(provider) };
    const because = provider.kind === 'job' ? rootMessage(error) : (error.cause?.message ?? error.message);
    return { at: new Date().toISOString(), ...asked, window: '', raw: '', error: because, beside: '' };
  }
}

function ask(release: Release, { analysis }: ReadingName, plan: MetricPlan): Promise<Reading> {
  const { provider } = plan;
  const beside = besideOf(release, plan);
  const asker = askerOf(release, `${analysis}/${plan.name}`);
  return reading(plan.name, provider.timeoutMs).measure({ provider, beside, ...asker });
}

/** Who asks: by that a policy maps addresses, and answers are shared. */
export function askerOf({ state, plan }: Release, metric: string): Pick<MeasureRequest, 'environment' | 'metric'> {
  return state.admission?.namesReadings ? { environment: plan.environment, metric } : {};
}

/** On this release's build host; what an earlier attempt at the same reading left running is ended there. */
function runJob(
  release: Release,
  { analysis, number }: ReadingName,
  metric: string,
  job: JobCommand,
): Promise<Reading> {
  const key = keyOf(release, `${analysis}/${metric}/${number}`);
  const directory = job.directory ?? release.plan.target.directory;
  return onBuildHost(release, (host) => building(metric, host, job.timeoutMs).runJob({ job, directory, key }));
}

/** `{{revision.stable}}` and `{{revision.latest}}`, Argo's podTemplateHashValue, as the platform names revisions. */
function withRevisions(release: Release, plan: MetricPlan): MetricPlan {
  const stable = release.state.admission?.before.stable ?? '';
  const filled = (text: string) =>
    text.replaceAll('{{revision.stable}}', stable).replaceAll('{{revision.latest}}', release.plan.version);
  return { ...plan, provider: withTexts(plan.provider, filled) };
}

/** The same query about the stable side, where a query of Prometheus names the canary's service. */
function besideOf(release: Release, { provider }: MetricPlan): string | undefined {
  const { canaryService, stableService } = release.plan.target;
  if (provider.kind !== 'prometheus') return undefined;
  return provider.query.includes(canaryService) ? provider.query.replaceAll(canaryService, stableService) : undefined;
}
