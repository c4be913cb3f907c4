/** What a checklist will ask of the router, known before a release begins. Pure. */
import type { OnFailure, Plan } from '../plan/plan.ts';
import { whyKnown } from '../rollout/rollback-window.ts';
import { QUESTIONS } from './checklist.ts';

export interface Confirmation {
  /** Items of the checklist, at least one. */
  readonly items: readonly ConfirmedItem[];
  /** What is taken back where one of them is not shown. */
  readonly onFailure: OnFailure;
  readonly version: string;
  readonly rollbackWindow: Plan['canary']['rollbackWindow'];
}

/** What was released there before. */
export interface ReleasedBefore {
  /** The version that is replaced; `null`: the release is a first one. */
  readonly stable: string | null;
  /** Versions that were stable, each once, the latest last. */
  readonly history: readonly string[];
}

export interface ConfirmedItem {
  /** For example `traffic shifts gradually`. */
  readonly item: string;
  /** A first release is not asked. */
  readonly needsOldSide: boolean;
  /** A version that takes no ramp is not asked. */
  readonly ofTheRamp: boolean;
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
  const items = asked.map(({ item, needsOldSide = false, ofTheRamp = false }) => ({ item, needsOldSide, ofTheRamp }));
  const { version, canary, validation } = plan;
  return { items, onFailure: validation.onFailure, version, rollbackWindow: canary.rollbackWindow };
}

/** Those of them that this release will be asked. */
export function itemsAsked(confirmation: Confirmation, before: ReleasedBefore): readonly string[] {
  const isFirst = before.stable === null;
  const isKnown = isKnownThere(confirmation, before);
  return confirmation.items
    .filter(({ needsOldSide, ofTheRamp }) => !(isFirst && needsOldSide) && !(isKnown && ofTheRamp))
    .map(({ item }) => item);
}

function isKnownThere({ version, rollbackWindow }: Confirmation, { stable, history }: ReleasedBefore): boolean {
  if (!rollbackWindow || stable === null) return false;
  return whyKnown({ version, history, stable, revisions: rollbackWindow.revisions }) !== null;
}
