import { sleep } from '@temporalio/workflow';
import type { ApprovalPlan, HttpCheck } from '../../src/plan/plan.ts';
import { whereabouts } from '../../src/plan/target.ts';
import { judgeProbe } from '../../src/validation/judge.ts';
import { reading } from '../activities.ts';
import { runInline } from '../analysis.ts';
import { GoBack, type Release } from '../control.ts';
import { ask, step } from '../steps.ts';
import { approvedBy, promote } from './promotion.ts';

/** A side that has just come up may need a moment; one that answers must do so again and again. */
const LOOKS = 10;
const IN_A_ROW = 3;
const BETWEEN_LOOKS_MS = 1_000;

/** All traffic in one switch, after a look at the side that has none yet. */
export async function cutover(release: Release): Promise<void> {
  const { state, plan } = release;
  if (!plan.cutover) return;
  const { preview, before, approval, pauseMs, after } = plan.cutover;
  state.phase = 'cutover';
  if (preview) await step(release, 'cutover-preview', () => look(release, preview));
  if (before) await step(release, 'cutover-before', () => runInline(release, 'cutover-before', before));
  if (approval) await step(release, 'cutover-approval', () => approve(release, approval));
  if (pauseMs !== null) await step(release, 'cutover-pause', () => pause(release, pauseMs));
  await step(release, 'cutover-switch', () => promote(release, 'cutover-switch'));
  if (after) await step(release, 'cutover-after', () => runInline(release, 'cutover-after', after));
}

async function look(release: Release, check: HttpCheck): Promise<string> {
  const { state, plan } = release;
  for (let looks = 1, good = 0; ; looks += 1) {
    const side = 'preview';
    const probe = await reading(`preview ${check.path}`, check.timeoutMs).probe({ ...whereabouts(plan), side, check });
    state.looks = { ...state.looks, preview: probe };
    const { verdict, because } = judgeProbe(check, probe);
    good = verdict === 'pass' ? good + 1 : 0;
    if (good === IN_A_ROW) return `${because}, ${IN_A_ROW} times in a row`;
    if (looks >= LOOKS) throw new GoBack({ outcome: 'rolledBack', because: `preview ${check.path}: ${because}` });
    await sleep(BETWEEN_LOOKS_MS, { summary: `preview: ${because}` });
  }
}

async function approve(release: Release, approval: ApprovalPlan): Promise<string> {
  const answer = await ask(release, {
    kind: 'approval',
    name: 'cutover',
    prompt: `Switch all traffic to ${release.plan.version}?`,
    accepts: ['approve', 'reject'],
    deadlineMs: approval.deadlineMs,
    consequence: 'goes back',
  });
  if (!answer) throw new GoBack({ outcome: 'rolledBack', because: 'nobody approved the cutover in time' });
  return `approved by ${approvedBy(release, 'cutover')}`;
}

async function pause(release: Release, durationMs: number): Promise<string> {
  const answer = await ask(release, {
    kind: 'pause',
    name: 'cutover-pause',
    prompt: 'Before the switch.',
    accepts: ['promote'],
    deadlineMs: durationMs,
    consequence: 'goes on by itself',
  });
  return answer ? 'ended by promote' : 'over';
}
