/** The whole record with something missing or otherwise, and how its checklist is answered then. */
import type { LoadReport, Probe } from '../../activities/validation/port.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { answerChecklist } from '../../src/validation/checklist.ts';
import type { ChecklistItem } from '../../src/validation/item.ts';
import type { Progress, ReleaseStatus } from '../../workflows/messages.ts';
import { wholeStatus } from './validation-records.ts';

export type Verdict = ChecklistItem['verdict'];

export function answersOf(plan: Plan, status: ReleaseStatus): Record<string, ChecklistItem> {
  return Object.fromEntries(answerChecklist(plan, status).map((answer) => [answer.item, answer]));
}

export function verdicts(plan: Plan, status: ReleaseStatus): Record<string, Verdict> {
  return Object.fromEntries(answerChecklist(plan, status).map(({ item, verdict }) => [item, verdict]));
}

/** The record with one line otherwise. */
export function withLine(name: string, changes: Partial<Progress>): ReleaseStatus {
  const status = wholeStatus();
  return { ...status, progress: status.progress.map((line) => (line.name === name ? { ...line, ...changes } : line)) };
}

export function without(...names: readonly (keyof ReleaseStatus)[]): ReleaseStatus {
  return { ...wholeStatus(), ...Object.fromEntries(names.map((name) => [name, undefined])) };
}

export function looks(changes: Partial<NonNullable<ReleaseStatus['looks']>>): ReleaseStatus {
  const status = wholeStatus();
  return { ...status, looks: { ...status.looks, ...changes } };
}

export function metrics(analyses: readonly string[], changes: object): ReleaseStatus {
  const status = wholeStatus();
  return {
    ...status,
    metrics: status.metrics.map((one) => (analyses.includes(one.analysis) ? { ...one, ...changes } : one)),
  };
}

export const NOTHING_READ = { good: 0, failed: 0, inconclusive: 0, errors: 3, readings: [] };
const { warm, load: measured } = wholeStatus().looks ?? {};
if (!warm || !measured) throw new TypeError('the whole record has a look at the old side, and a load');
/** What was seen of the old side, and under load. */
export const probe: Probe = warm;
export const load: LoadReport = measured;
