/** One reading of one metric: what is asked of its provider, or run as its job, and what stands for an answer that nobody gave. */
import { ActivityFailure, isCancellation, patched } from '@temporalio/workflow';
import type { MeasureRequest, Reading } from '../activities/metrics/port.ts';
import type { JobCommand, MetricPlan, Provider } from '../src/plan/plan.ts';
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
export async function take(release: Release, name: ReadingName, plan: MetricPlan): Promise<Reading> {
  const provider = withRevisions(release, plan.provider);
  try {
    return provider.kind === 'job'
      ? await runJob(release, name, plan.name, provider)
      : await measure(release, name, plan, provider);
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const asked = { address: addressOf(provider) ?? '', query: queryText(provider) };
    const because = provider.kind === 'job' ? rootMessage(error) : (error.cause?.message ?? error.message);
    return { at: new Date().toISOString(), ...asked, window: '', raw: '', error: because, beside: '' };
  }
}

function measure(release: Release, { analysis }: ReadingName, plan: MetricPlan, provider: Provider): Promise<Reading> {
  const beside = besideOf(release, inRequests() ? provider : plan.provider);
  const request = { provider, beside, ...asking(release, `${analysis}/${plan.name}`) };
  return reading(plan.name, provider.timeoutMs).measure(request);
}

/** On this release's build host; what an earlier attempt at the same reading left running is ended there. */
function runJob(release: Release, { analysis, number }: ReadingName, metric: string, job: JobCommand) {
  const key = keyOf(release, `${analysis}/${metric}/${number}`);
  const directory = job.directory ?? release.plan.target.directory;
  return onBuildHost(release, (host) => building(metric, host, job.timeoutMs).runJob({ job, directory, key }));
}

/** Who asks, for addresses by environment and shared answers. Releases that began before that was asked go on without. */
export function asking({ plan }: Release, metric: string): Pick<MeasureRequest, 'environment' | 'metric'> {
  return inRequests() ? { environment: plan.environment, metric } : {};
}

const inRequests = () => patched('who-asks-for-a-reading');

/** `{{revision.stable}}` and `{{revision.latest}}`, Argo's podTemplateHashValue, as the platform names revisions. */
function withRevisions(release: Release, provider: Provider): Provider {
  const stable = release.state.admission?.before.stable ?? '';
  return withTexts(provider, (text) =>
    text.replaceAll('{{revision.stable}}', stable).replaceAll('{{revision.latest}}', release.plan.version),
  );
}

/** The same query about the stable side, where a query of Prometheus names the canary's service. */
function besideOf(release: Release, provider: Provider): string | undefined {
  const { canaryService, stableService } = release.plan.target;
  if (provider.kind !== 'prometheus') return undefined;
  return provider.query.includes(canaryService) ? provider.query.replaceAll(canaryService, stableService) : undefined;
}
