import type { Provider } from '../../src/plan/plan.ts';
import { askDatadog } from './datadog.ts';
import type { Exchange } from './exchange.ts';
import { type Answer, askPrometheus } from './prometheus.ts';
import { askWeb } from './web.ts';

/**
 * Asks a provider for one reading. What goes wrong stands in the answer; it throws only where it is cancelled.
 *
 * @param provider as it is reached from here, its secrets filled in
 * @param at RFC 3339: the time that is asked about
 */
export async function askProvider(
  provider: Provider,
  at: string,
  ask: Exchange,
  cancellation: AbortSignal,
): Promise<Answer> {
  switch (provider.kind) {
    case 'prometheus':
      return askPrometheus(provider, at, ask, cancellation);
    case 'web':
      return askWeb(provider, ask, cancellation);
    case 'datadog':
      return askDatadog(provider, at, ask, cancellation);
    case 'job':
      return { raw: '', error: 'a job is no question: the build host of a release runs it' };
    case 'kubernetesJob':
      return { raw: '', error: 'a Job is no question: a release runs it in its cluster' };
    default:
      return provider satisfies never;
  }
}
