import { sleep } from '@temporalio/workflow';
import type { LoadReport } from '../../activities/validation/port.ts';
import type { PerformanceCheck, SecurityCheck } from '../../src/plan/plan.ts';
import { whereabouts } from '../../src/plan/target.ts';
import { answerChecklist } from '../../src/validation/checklist.ts';
import { judgeHeaders, judgeLoad, judgeProbe } from '../../src/validation/judge.ts';
import { reading, waiting } from '../activities.ts';
import { askAPerson } from '../analysis.ts';
import { GoBack, type Release } from '../control.ts';
import { statusOf } from '../state.ts';
import { skip, step } from '../steps.ts';
import { stableOf } from '../traffic.ts';
import { phase } from './phase.ts';

const LOOK_TIMEOUT_MS = 5_000;
/** A generator that was too busy for a moment measured itself, not the service. */
const LOADS = 3;
const BETWEEN_LOADS_MS = 2_000;
/** How long somebody has to decide on a measurement that shows neither. */
const UNDECIDED_DEADLINE_MS = 30 * 60_000;

/** The last look at the whole release, and the checklist that is answered from what it recorded. */
export async function validation(release: Release): Promise<void> {
  const { validation: planned } = release.plan;
  if (!planned) return;
  const { security, performance, onFailure } = planned;
  await phase(release, { name: 'validation', lines: 'validation-', onFailure }, async () => {
    if (release.plan.target.platform === 'argo')
      skip(release, 'validation-way-back', "Argo's controller keeps the old pods as long as its Rollout says");
    else if (stableOf(release)) await step(release, 'validation-way-back', () => lookBack(release));
    else skip(release, 'validation-way-back', 'there is no old side');
    if (security) await step(release, 'validation-security', () => secure(release, security));
    if (performance) await step(release, 'validation-performance', () => perform(release, performance));
    await step(release, 'validation-checklist', () => answer(release));
  });
}

/** Going back is one traffic move as long as the old side answers. */
async function lookBack(release: Release): Promise<string> {
  const { state, plan } = release;
  const check = { path: plan.target.readinessPath, status: 200, timeoutMs: LOOK_TIMEOUT_MS };
  const request = { ...whereabouts(plan), side: 'preview', check } as const;
  const warm = await reading(`the old side: ${check.path}`, check.timeoutMs).probe(request);
  state.looks = { ...state.looks, warm };
  const { verdict, because } = judgeProbe(check, warm);
  if (verdict !== 'pass') throw failed(`the way back: the old side: ${because}`);
  return `the old side ${stableOf(release)} is warm: ${because}`;
}

async function secure(release: Release, check: SecurityCheck): Promise<string> {
  const shown = [
    ...(check.auditGate === null ? [] : [auditOf(release, check.auditGate)]),
    ...(check.image ? [userOf(release)] : []),
    ...(check.headers ? [await headersOf(release, check.headers)] : []),
  ];
  return shown.join('; ') || 'nothing was asked for';
}

function auditOf({ state }: Release, name: string): string {
  const gate = state.gates.find((known) => known.name === name);
  if (gate?.verdict !== 'pass') throw failed(`security: gate ${name} ${gate ? `says ${gate.because}` : 'did not run'}`);
  return `${name}: ${gate.because}`;
}

function userOf({ state }: Release): string {
  const user = state.image?.user ?? null;
  if (user === null) throw failed('security: the image does not show which user it runs as');
  if (/^(root|0)?(:.*)?$/.test(user)) throw failed('security: the image runs as root');
  return `the image runs as ${user}`;
}

async function headersOf(release: Release, { path, required }: NonNullable<SecurityCheck['headers']>): Promise<string> {
  const { state, plan } = release;
  const check = { path, status: 200, timeoutMs: LOOK_TIMEOUT_MS };
  const headers = await reading(`headers of ${path}`, check.timeoutMs).probe({
    ...whereabouts(plan),
    side: 'live',
    check,
  });
  state.looks = { ...state.looks, headers };
  const { verdict, because } = judgeHeaders(required, headers);
  if (verdict !== 'pass') throw failed(`security: ${because}`);
  return because;
}

async function perform(release: Release, check: PerformanceCheck): Promise<string> {
  const { state, plan } = release;
  const compare = check.versusStable !== null && stableOf(release) !== null;
  const judged = compare ? check : { ...check, versusStable: null };
  let { verdict, because } = judgeLoad(judged, await measure());
  for (let attempt = 2; verdict === 'inconclusive' && attempt <= LOADS; attempt += 1) {
    await sleep(BETWEEN_LOADS_MS, { summary: `load again: ${because}` });
    ({ verdict, because } = judgeLoad(judged, await measure()));
  }
  if (verdict === 'fail') throw failed(`performance: ${because}`);
  if (verdict === 'inconclusive') await askAPerson(release, 'performance', because, UNDECIDED_DEADLINE_MS);
  return because;

  async function measure(): Promise<LoadReport> {
    const load = await waiting(`load on ${check.path}`, 2 * check.durationMs).load({
      ...whereabouts(plan),
      check,
      compare,
    });
    state.looks = { ...state.looks, load };
    return load;
  }
}

async function answer(release: Release): Promise<string> {
  const { state, plan } = release;
  const items = answerChecklist(plan, statusOf(plan, state));
  state.checklist = items;
  const against = items.filter(({ verdict }) => verdict === 'failed' || verdict === 'unshown');
  if (against.length > 0) {
    const named = against.map(({ item, verdict, evidence }) => `${item}: ${verdict} (${evidence})`);
    throw failed(`checklist: ${named.join('; ')}`);
  }
  return `${items.filter(({ verdict }) => verdict === 'passed').length} of ${items.length} items shown, none against`;
}

function failed(because: string): GoBack {
  return new GoBack({ outcome: 'rolledBack', because });
}
