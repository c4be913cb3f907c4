import { argoDurationMs } from '../duration.ts';
import type { MetricPlan } from '../plan.ts';
import { isPlaceholder } from '../shape/fields.ts';
import { show } from '../shape/show.ts';
import { type IntOrString, int32, intValue } from './int-or-string.ts';
import { CONSECUTIVE_ERROR_LIMIT } from './metric.ts';
import { ARGO_KINDS } from './providers/index.ts';

/** A metric as its kinds of fields are known, and nothing more. */
export interface CaseMetric {
  readonly name?: string | null;
  readonly interval?: string | null;
  readonly initialDelay?: string | null;
  readonly count?: IntOrString | null;
  readonly successCondition?: string | null;
  readonly failureCondition?: string | null;
  readonly failureLimit?: IntOrString | null;
  readonly inconclusiveLimit?: IntOrString | null;
  readonly consecutiveErrorLimit?: IntOrString | null;
  readonly consecutiveSuccessLimit?: IntOrString | null;
  readonly provider?: Readonly<Record<string, unknown>> | null;
}

/** Nothing is asked: the measurements are given. */
const NO_PROVIDER = { kind: 'prometheus', address: '', query: '', timeoutMs: 0 } as const;

/**
 * Why Argo's controller ends an analysis with this metric in an error at once, in its order: an argument that has no
 * value, then `ValidateMetric` (argo-rollouts `utils/analysis/factory.go`). `null`: it measures.
 */
export function caseProblem(metric: CaseMetric): string | null {
  for (const [field, value] of Object.entries(metric))
    if (field !== 'provider' && isPlaceholder(value))
      return `${field}: ${show(value)} holds an argument without a value`;
  return limitProblem(metric) ?? rhythmProblem(metric) ?? providerProblem(metric);
}

function limitProblem(metric: CaseMetric): string | null {
  const count = number(metric.count);
  const failures = number(metric.failureLimit);
  const successes = number(metric.consecutiveSuccessLimit);
  const inconclusive = number(metric.inconclusiveLimit);
  if (successes < 0n) return `consecutiveSuccessLimit: is ${successes}; expected zero or more`;
  if (failures < -1n) return `failureLimit: is ${failures}; expected zero or more, or -1, which switches it off`;
  if (failures === -1n && successes === 0n)
    return 'failureLimit: is -1, which switches it off, and there is no consecutiveSuccessLimit: nothing would ever end it';
  if (inconclusive < 0n) return `inconclusiveLimit: is ${inconclusive}; expected zero or more`;
  if (number(metric.consecutiveErrorLimit) < 0n)
    return `consecutiveErrorLimit: is ${metric.consecutiveErrorLimit}; expected zero or more`;
  if (count <= 0n) return null;
  const both = BigInt.asIntN(64, (failures < 0n ? 0n : failures) + successes);
  if (count < both) {
    const field = successes === 0n ? 'failureLimit' : 'consecutiveSuccessLimit';
    const is = failures > 0n && successes > 0n ? `${successes}, with the failureLimit ${both}` : `${both}`;
    return `${field}: is ${is}, more than the count of ${count}; it could never be reached`;
  }
  if (count < inconclusive)
    return `inconclusiveLimit: is ${inconclusive}, more than the count of ${count}; it could never be reached`;
  return null;
}

function rhythmProblem({ count, interval, initialDelay }: CaseMetric): string | null {
  if (number(count) > 1n && !interval)
    return `count: is ${count} without an interval; expected an interval, for example interval: 5m`;
  for (const [field, text] of Object.entries({ interval, initialDelay }))
    if (text && argoDurationMs(text) === null)
      return `${field}: ${show(text)} is not a duration; expected for example 30s, 5m, 1h30m`;
  return null;
}

function providerProblem({ provider }: CaseMetric): string | null {
  const kinds = ARGO_KINDS.filter((kind) => provider?.[kind] != null);
  return kinds.length > 1 ? `provider: is ${kinds.join(' and ')} at once; expected one of them` : null;
}

/** What Argo's controller makes of the fields, defaults applied. */
export function caseRules(metric: CaseMetric): MetricPlan {
  const count = number(metric.count);
  const failures = number(metric.failureLimit);
  const successes = number(metric.consecutiveSuccessLimit);
  const wanted = int32(count);
  // More than 32 bits hold may come out as no successes at all, which the first reading reaches, as it does a negative count.
  const atOnce = successes > 0n && int32(successes) <= 0;
  return {
    name: metric.name ?? '',
    provider: NO_PROVIDER,
    intervalMs: metric.interval ? argoDurationMs(metric.interval) : null,
    count: atOnce ? -1 : count === 0n ? (metric.interval ? null : 1) : wanted > 0 ? wanted : -1,
    initialDelayMs: 0,
    successCondition: metric.successCondition || null,
    failureCondition: metric.failureCondition || null,
    // More than 32 bits hold, where they come out negative, is never passed; only -1 itself switches it off.
    failureLimit: failures >= 0n && int32(failures) < 0 ? Number(failures) : int32(failures),
    inconclusiveLimit: int32(number(metric.inconclusiveLimit)),
    consecutiveErrorLimit:
      metric.consecutiveErrorLimit == null ? CONSECUTIVE_ERROR_LIMIT : int32(number(metric.consecutiveErrorLimit)),
    ...(int32(successes) > 0 ? { consecutiveSuccessLimit: int32(successes) } : {}),
  };
}

const number = (value: IntOrString | null | undefined): bigint => intValue(value ?? 0);
