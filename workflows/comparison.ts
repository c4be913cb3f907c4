/** Comparisons with the stable side, by whichever judge; the judging itself is pure code of `src/analysis`. */
import type { Reading } from '../activities/metrics/port.ts';
import { type Compared, compareLook, judgeWindow, NOT_COMPARED, type Window, windowOf } from '../src/analysis/index.ts';
import type { KayentaPlan } from '../src/plan/kayenta-plan.ts';
import type { ComparisonPlan } from '../src/plan/plan.ts';
import type { Release } from './control.ts';
import type { MetricProgress } from './messages.ts';
import type { ReleaseState } from './state.ts';

type AnyComparison = ComparisonPlan | KayentaPlan;

/** From now on a window grows. */
export function beginComparison(state: ReleaseState, metric: MetricProgress, plan: AnyComparison): void {
  if (plan.judge !== 'kayenta') return;
  state.comparedSince ??= {};
  state.comparedSince[keyOf(metric)] = Date.now();
}

/** The part of time that is judged now; `null`: what was counted since the last look is. */
export function windowNow({ state }: Release, metric: MetricProgress, plan: AnyComparison | undefined): Window | null {
  if (plan?.judge !== 'kayenta') return null;
  const now = Date.now();
  return windowOf(plan, now - (state.comparedSince?.[keyOf(metric)] ?? now));
}

/** A look at both sides: what is known of them goes on from the last one, whatever runs and workers lay between. */
export function compare(
  release: Release,
  metric: MetricProgress,
  plan: AnyComparison,
  answer: Reading,
  window: Window | null,
): Pick<Compared, 'verdict' | 'because' | 'value' | 'beside'> {
  const { state } = release;
  if (plan.judge === 'kayenta') return { ...judgeWindow(plan, answer, window?.expected ?? 0), beside: '' };
  state.comparisons ??= {};
  const weight = state.weights[release.plan.version] ?? 0;
  const compared = compareLook(plan, state.comparisons[keyOf(metric)] ?? NOT_COMPARED, answer, weight);
  state.comparisons[keyOf(metric)] = compared.progress;
  metric.safeAt = compared.safe ? weight : null;
  return compared;
}

/** What a comparison asks for, where other metrics have their condition. */
export function comparisonInWords(plan: AnyComparison): string {
  if (plan.judge === 'kayenta') return `score of at least ${plan.pass}, above ${plan.marginal} (Kayenta)`;
  const { of, alpha, margin } = plan;
  return `${of === 'counts' ? 'no more often' : 'no slower'} than the stable side (alpha ${alpha}${margin === null ? '' : `, margin ${margin}`})`;
}

export function keyOf(metric: MetricProgress | undefined): string {
  return metric ? `${metric.analysis}/${metric.metric}` : '';
}
