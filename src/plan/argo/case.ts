import type { Compatibility, MetricPlan } from '../plan.ts';
import { createReport } from '../problem.ts';
import { show } from '../shape/show.ts';
import { nearest } from '../suggest.ts';
import { metricSchema } from './analysis-schema.ts';
import { type CaseMetric, caseProblem, caseRules } from './case-rules.ts';
import { isIntOrString } from './int-or-string.ts';
import { checkConditions } from './metric.ts';

const TEXTS = ['name', 'interval', 'initialDelay', 'successCondition', 'failureCondition'] as const;
const NUMBERS = [
  'count',
  'failureLimit',
  'inconclusiveLimit',
  'consecutiveErrorLimit',
  'consecutiveSuccessLimit',
] as const;
const KNOWN = Object.keys(metricSchema.local.shape);

/** Stands nowhere in a file. */
const NOWHERE = { file: '', place: () => ({ line: 1, column: 1 }) };

/**
 * One metric by itself, as in an AnalysisTemplate, read and checked as Argo's controller does; it needs no name, and its
 * provider is not asked. An unknown field and a condition that cannot be read are refused; with `compatibility: 'argo'`
 * the one is overlooked, and the other an error of each measurement.
 *
 * @example metricCase({ name: 'm', count: 2 }).because // 'count: is 2 without an interval; expected an interval, …'
 */
export function metricCase(
  value: Readonly<Record<string, unknown>>,
  compatibility?: Compatibility,
): { readonly ok: true; readonly metric: MetricPlan } | { readonly ok: false; readonly because: string } {
  const because = shapeProblems(value, compatibility);
  if (because.length > 0) return { ok: false, because: because.join('; ') };
  const metric = value as CaseMetric;
  const problem = caseProblem(metric) ?? (compatibility === 'argo' ? null : conditionProblems(metric));
  return problem === null ? { ok: true, metric: caseRules(metric) } : { ok: false, because: problem };
}

function shapeProblems(value: Readonly<Record<string, unknown>>, compatibility?: Compatibility): string[] {
  const problems: string[] = [];
  const wanted = (field: string, expected: string) =>
    problems.push(`${field}: is ${show(value[field])}; expected ${expected}`);
  for (const field of TEXTS) if (value[field] != null && typeof value[field] !== 'string') wanted(field, 'text');
  for (const field of NUMBERS)
    if (value[field] != null && !isIntOrString(value[field])) wanted(field, 'a whole number of 32 bits, or text');
  const { provider } = value;
  if (provider != null && (typeof provider !== 'object' || Array.isArray(provider))) wanted('provider', 'a map');
  // Argo's API server drops what it does not know.
  if (compatibility !== 'argo')
    for (const field of Object.keys(value).filter((name) => !KNOWN.includes(name))) {
      const near = nearest(field, KNOWN);
      const hint = near === null ? `expected one of ${KNOWN.join(', ')}` : `did you mean ${near}?`;
      problems.push(`${field}: is not a known field; ${hint}`);
    }
  return problems;
}

function conditionProblems({ successCondition, failureCondition }: CaseMetric): string | null {
  const report = createReport();
  checkConditions({ ...NOWHERE, value: {} }, [], { successCondition, failureCondition, provider: {} }, report);
  const problems = report.errors().map(({ path, message }) => `${path}: ${message}`);
  return problems.length === 0 ? null : problems.join('; ');
}
