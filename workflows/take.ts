/** One reading of one metric: what is asked of its provider, and what stands for an answer that nobody gave. */
import { ActivityFailure, isCancellation, patched } from '@temporalio/workflow';
import type { MeasureRequest, Reading } from '../activities/metrics/port.ts';
import type { MetricPlan, Provider } from '../src/plan/plan.ts';
import { addressOf, queryText, withTexts } from '../src/plan/provider.ts';
import { reading } from './activities.ts';
import type { Release } from './control.ts';

/** A reading that could not be taken is a reading, too: an error. */
export async function take(release: Release, analysis: string, plan: MetricPlan): Promise<Reading> {
  const provider = withRevisions(release, plan.provider);
  const beside = besideOf(release, inRequests() ? provider : plan.provider);
  const request = { provider, beside, ...asking(release, `${analysis}/${plan.name}`) };
  try {
    return await reading(plan.name, provider.timeoutMs).measure(request);
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const asked = { address: addressOf(provider) ?? '', query: queryText(provider) };
    const because = error.cause?.message ?? error.message;
    return { at: new Date().toISOString(), ...asked, window: '', raw: '', error: because, beside: '' };
  }
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
