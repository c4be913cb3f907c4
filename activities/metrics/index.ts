import { Context } from '@temporalio/activity';
import { formatDuration } from '../../src/plan/duration.ts';
import type { Provider } from '../../src/plan/plan.ts';
import { addressOf, queryText } from '../../src/plan/provider.ts';
import { askProvider } from './ask.ts';
import { type Exchange, exchange } from './exchange.ts';
import type { MeasureRequest, MetricsActivities, Reading } from './port.ts';
import { fillProvider, type SecretUse, type SecretValue } from './secrets.ts';
import { createSharing } from './sharing.ts';
import { windowOf } from './window.ts';

export interface MetricsDependencies {
  /** The provider as it is reached from here: the policy's mapping, or the embedded Prometheus. */
  readonly locate: (provider: Provider, environment: string | undefined) => Provider | Promise<Provider>;
  /** What a secret of the plan is, for the address that it would be sent to. */
  readonly secretOf: (use: SecretUse) => SecretValue;
}

type Answered = Pick<Reading, 'at' | 'raw' | 'error' | 'beside' | 'requests'>;

/** Readings of metric providers: an answer is kept as it came, and whatever goes wrong stands in the reading. */
export function createMetricsActivities({ locate, secretOf }: MetricsDependencies): MetricsActivities {
  const share = createSharing<Answered>();
  return {
    async measure({ provider, beside, requests, environment, metric }) {
      const written = { query: queryText(provider), window: describeWindow(provider) };
      const failed = (address: string, error: string): Reading => {
        return { at: new Date().toISOString(), address, ...written, raw: '', error, beside: '' };
      };
      const named = addressOf(provider) ?? '';
      let located: Provider;
      try {
        located = await locate(provider, environment);
      } catch (error) {
        return failed(named, `${named} leads nowhere: ${error instanceof Error ? error.message : String(error)}`);
      }
      const address = addressOf(located) ?? '';
      const filled = fillProvider(located, secretOf);
      if ('because' in filled) return failed(address, filled.because);
      const { info, cancellationSignal } = Context.current();
      const answered = await share({
        question: [filled.provider, beside ?? null, requests ?? null],
        asker: metric === undefined ? null : `${info.workflowExecution?.workflowId}/${metric}`,
        signal: cancellationSignal,
        isGood: ({ error }) => error === null,
        ask: (signal) => askAll(filled, { beside, requests }, signal),
      });
      return { address, ...written, ...answered };
    },
  };
}

/** Both sides, and how much traffic there was, are asked about the same moment. */
async function askAll(
  { provider, secrets }: { readonly provider: Provider; readonly secrets: readonly string[] },
  { beside, requests }: Pick<MeasureRequest, 'beside' | 'requests'>,
  signal: AbortSignal,
): Promise<Answered> {
  const at = new Date().toISOString();
  const ask: Exchange = (question, cancellation) => exchange({ ...question, secrets }, cancellation);
  const [judged, shown, traffic] = await Promise.all([
    askProvider(provider, at, ask, signal),
    beside === undefined || provider.kind !== 'prometheus'
      ? null
      : askProvider({ ...provider, query: beside }, at, ask, signal),
    requests === undefined || provider.kind !== 'prometheus'
      ? null
      : askProvider({ ...provider, query: requests, range: undefined }, at, ask, signal),
  ]);
  return { at, ...judged, beside: shown?.raw ?? '', ...(traffic ? { requests: traffic } : {}) };
}

/** What stretch of time a value speaks of. */
function describeWindow(provider: Provider): string {
  switch (provider.kind) {
    case 'prometheus': {
      const { range, query } = provider;
      const selected = windowOf(query);
      if (!range) return selected;
      const span = `${formatDuration(range.startMs - range.endMs)} by ${formatDuration(range.stepMs)}`;
      return selected === '' ? span : `${selected}, ${span}`;
    }
    case 'datadog':
      return formatDuration(provider.intervalMs);
    case 'web':
    case 'job':
    case 'kubernetesJob':
      return '';
    default:
      return provider satisfies never;
  }
}
