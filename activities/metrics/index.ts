import { Context } from '@temporalio/activity';
import type { MetricsActivities } from './port.ts';
import { ask } from './prometheus.ts';
import { windowOf } from './window.ts';

export interface MetricsDependencies {
  /** Where an address of a plan is reached from here: the policy's mapping, or the embedded Prometheus. */
  readonly mapAddress: (address: string) => string | Promise<string>;
}

/** Readings from Prometheus: whatever it answers is kept as it came, whatever goes wrong stands in the reading. */
export function createMetricsActivities({ mapAddress }: MetricsDependencies): MetricsActivities {
  return {
    async measure({ provider, beside }) {
      const at = new Date().toISOString();
      const { query, timeoutMs, range } = provider;
      const reading = { at, query, window: windowOf(query), beside: '' };
      let address = provider.address;
      try {
        address = await mapAddress(provider.address);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return { ...reading, address, raw: '', error: `${address} leads nowhere: ${why}` };
      }
      const { cancellationSignal } = Context.current();
      const put = (text: string) =>
        ask({ address, query: text, at, timeoutMs, ...(range ? { range } : {}) }, cancellationSignal);
      const [judged, shown] = await Promise.all([put(query), beside === undefined ? null : put(beside)]);
      return { ...reading, address, ...judged, beside: shown?.raw ?? '' };
    },
  };
}
