import type { Compatibility, JobCommand, KubernetesJob, Provider } from '../plan/plan.ts';
import type { Value } from './condition/index.ts';
import { parseDatadog } from './datadog.ts';
import { parsePrometheus } from './prometheus.ts';
import { parseWeb } from './web.ts';

/** A provider that answers a value; a job answers how it ended. */
export type ValueProvider = Exclude<Provider, JobCommand | KubernetesJob>;

/** What a condition sees as `result`. */
export type ProviderAnswer =
  | { readonly ok: true; readonly result: Value; readonly samples: number }
  | { readonly ok: false; readonly message: string };

/** Reads what a provider answered, unaltered as it was recorded, as Argo's provider of that name would. */
export function parseAnswer(provider: ValueProvider, raw: string, compatibility?: Compatibility): ProviderAnswer {
  switch (provider.kind) {
    case 'prometheus':
      return parsePrometheus(raw);
    case 'web':
      return parseWeb(provider, raw);
    case 'datadog':
      return parseDatadog(provider, raw, compatibility);
    default:
      return provider satisfies never;
  }
}
