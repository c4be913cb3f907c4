import type { z } from 'zod';
import type { ApprovalPlan } from '../plan.ts';
import type { approvalSchema } from './schema-fields.ts';

/** The mission's five minutes to answer. */
export const APPROVAL_DEADLINE_MS = 5 * 60_000;

/** What a release file says of an approval, with the defaults filled in. */
export function approvalPlan(
  written: z.output<ReturnType<typeof approvalSchema>> | undefined,
  deadlineMs: number = APPROVAL_DEADLINE_MS,
): ApprovalPlan {
  return {
    deadlineMs: written?.deadline ?? deadlineMs,
    requires: written?.requires ?? 'anonymous',
    quorum: written?.quorum ?? 1,
    notStarter: written?.notStarter ?? false,
  };
}
