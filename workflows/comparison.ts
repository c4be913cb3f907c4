/** Comparisons with the stable side, by whichever judge; the judging itself is pure code of `src/analysis`. */
import type { Reading } from '../activities/metrics/port.ts';
import { type Compared, compareLook, judgeWindow, NOT_COMPARED, type Window, windowOf } from '../src/analysis/index.ts';
import type { KayentaPlan } from '../src/plan/kayenta-plan.ts';
import type { ComparisonPlan, MetricPlan } from '../src/plan/plan.ts';
import type { Release } from './control.ts';
import type { MetricProgress } from './messages.ts';
import { keyOf } from './progress.ts';

type AnyComparison = ComparisonPlan | KayentaPlan;

/** The part of time that is judged now; `null`: what was counted since the last look is. */
export function windowNow({ state }: Release, metric: MetricProgress, plan: AnyComparison | undefined): Window | null {
  if (plan?.judge !== 'kayenta') return null;
  const now = Date.now();
  return windowOf(plan, now - (state.comparedSince?.[keyOf(metric)] ?? now));
}

/** The metric asked over the window, on both sides. */
export function overWindow(metric: MetricPlan, window: Window | null): MetricPlan {
  const { provider } = metric;
  return window && provider.kind === 'prometheus'
    ? { ...metric, provider: { ...provider, range: window.range } }
    : metric;
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
