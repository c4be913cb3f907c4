import type { Path } from '../../plan/problem.ts';
import type { Ledger } from '../ledger.ts';
import type { CanaryService, ProviderName } from './canary-schema.ts';

export interface TrafficContext {
  readonly ledger: Ledger;
  readonly provider: ProviderName;
  readonly namespace: string;
  readonly names: { readonly apex: string; readonly stable: string; readonly canary: string };
  /** Labels of the target's pods. */
  readonly selector: Readonly<Record<string, string>>;
  readonly service: CanaryService;
  /** An HTTPRoute that is to split the traffic, instead of what Flagger used. */
  readonly route: string | undefined;
}

export const SERVICE: Path = ['spec', 'service'];
export const at = (...fields: string[]): Path => [...SERVICE, ...fields];

/** The metadata of a route. */
export const metadataOf = ({ names, namespace, service: { apex } }: TrafficContext) => ({
  name: names.apex,
  namespace,
  ...(apex?.labels ? { labels: apex.labels } : {}),
  ...(apex?.annotations ? { annotations: apex.annotations } : {}),
});
