import type { ReleaseStatus } from '../../workflows/messages.ts';
import type { Plan } from '../plan/plan.ts';
import type { ChecklistItem } from './item.ts';
import type { Question } from './question.ts';
import { AUTOMATION } from './questions/automation.ts';
import { BLUE_GREEN } from './questions/blue-green.ts';
import { CANARY } from './questions/canary.ts';
import { FINAL } from './questions/final.ts';
import { FLAGS } from './questions/flags.ts';

export const QUESTIONS: readonly Question[] = [...CANARY, ...FLAGS, ...BLUE_GREEN, ...AUTOMATION, ...FINAL];

/**
 * The whole checklist, answered from the plan and from what the release recorded; nothing is ticked. Asked when all
 * traffic has moved and before the window: the old side must still be there.
 *
 * @example answerChecklist(plan, status).filter(({ verdict }) => verdict === 'unshown') // what fails it for want of evidence
 */
export function answerChecklist(plan: Plan, status: ReleaseStatus): ChecklistItem[] {
  return QUESTIONS.map((question) => ({ step: question.step, item: question.item, ...answer(question, plan, status) }));
}

function answer(question: Question, plan: Plan, status: ReleaseStatus): Pick<ChecklistItem, 'verdict' | 'evidence'> {
  if (!question.planned(plan)) return { verdict: 'not planned', evidence: 'the plan leaves it out' };
  const undone = status.undone?.find(({ phase }) => phase === question.phase);
  if (undone) return { verdict: 'undone', evidence: undone.because };
  const isFirst = status.from === null && status.planDigest !== null;
  if (question.needsOldSide && isFirst) return { verdict: 'not planned', evidence: 'a first release replaces nothing' };
  return question.answer(plan, status);
}
