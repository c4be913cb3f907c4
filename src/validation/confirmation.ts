/** What a checklist will ask of the router, known before a release begins. Pure. */
import type { OnFailure, Plan } from '../plan/plan.ts';
import { QUESTIONS } from './checklist.ts';

export interface Confirmation {
  /** Items of the checklist, at least one. */
  readonly items: readonly ConfirmedItem[];
  /** What is taken back where one of them is not shown. */
  readonly onFailure: OnFailure;
}

export interface ConfirmedItem {
  /** For example `traffic shifts gradually`. */
  readonly item: string;
  /** A first release is not asked. */
  readonly needsOldSide: boolean;
}

/**
 * The items that only the router's own word can show; `null`: the plan has no checklist, or none of them.
 *
 * @example confirmationOf(plan)?.items.map(({ item }) => item) // ['traffic shifts gradually']
 */
export function confirmationOf(plan: Plan): Confirmation | null {
  if (!plan.validation) return null;
  const asked = QUESTIONS.filter((question) => question.needsConfirmation && question.planned(plan));
  if (asked.length === 0) return null;
  const items = asked.map(({ item, needsOldSide = false }) => ({ item, needsOldSide }));
  return { items, onFailure: plan.validation.onFailure };
}

/** @param stable the version that is replaced; `null`: the release is a first one */
export function itemsAsked({ items }: Confirmation, stable: string | null): readonly string[] {
  return items.filter(({ needsOldSide }) => stable !== null || !needsOldSide).map(({ item }) => item);
}
