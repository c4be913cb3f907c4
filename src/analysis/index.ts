/**
 * Judging, pure: recorded readings and a plan in, verdicts with their reasons out. It runs inside the workflow and
 * again whenever a history is replayed. The rules stand in `docs/analysis.md`.
 */

export { type CasePhase, judgeCase, type Measurement } from './case.ts';
export { compareLook } from './comparison/compare.ts';
export type { Compared } from './comparison/compared.ts';
export { type ComparisonProgress, NOT_COMPARED } from './comparison/evidence.ts';
export {
  type Condition,
  type ConditionFault,
  checkCondition,
  evaluateCondition,
  parseCondition,
  type ResultShape,
  type Value,
} from './condition/index.ts';
export { matchesPattern } from './condition/matches.ts';
export { judgeWindow, type Window, windowOf } from './kayenta/index.ts';
export { assessMetric, type MetricAssessment, type MetricState } from './metric.ts';
export { applyMonitor, type MonitorAssessment } from './monitor.ts';
export { type PrometheusAnswer, parsePrometheus } from './prometheus.ts';
export { assessReading, assessResult, type ReadingAssessment, type ReadingVerdict } from './reading.ts';
export { type AnalysisAssessment, assessAnalysis, endOfBackground, type MetricReadings } from './run.ts';
