import { sleep } from '@temporalio/workflow';
import { applyMonitor } from '../../src/analysis/index.ts';
import type { ApprovalPlan, MonitorPlan } from '../../src/plan/plan.ts';
import { whereabouts } from '../../src/plan/target.ts';
import { forward } from '../activities.ts';
import { GoBack, type Release } from '../control.ts';
import { measureNamed } from '../readings.ts';
import { hasRoutes, removeRoutes } from '../routes.ts';
import { ask, skip, step } from '../steps.ts';
import { moveTraffic } from '../traffic.ts';

/** The last look, the last decision, and, unless a cutover does it, all traffic. */
export async function promotion(release: Release): Promise<void> {
  const { state, plan } = release;
  const { monitor, approval } = plan.promotion;
  state.phase = 'promotion';
  const first = state.admission?.before.stable === null;
  if (monitor && first) skip(release, 'monitor', 'a first release has no canary traffic to look at');
  else if (monitor) await step(release, 'monitor', () => look(monitor, plan.environment));
  if (approval) await step(release, 'promotion', () => approve(release, approval));
  if (!plan.cutover) await step(release, 'full', () => promote(release, 'full'));
}

/** Throws where what it sees is against the release, or nothing is to be seen in time. */
export async function look(monitor: MonitorPlan, environment: string): Promise<string> {
  const { success, p95Seconds } = monitor;
  for (let attempt = 1; ; attempt += 1) {
    const [share, latency] = await Promise.all([
      measureNamed('success rate', { provider: success }, { environment, metric: 'monitor/success' }),
      measureNamed('p95 latency', { provider: p95Seconds }, { environment, metric: 'monitor/p95' }),
    ]);
    const { verdict, because } = applyMonitor(monitor, share, latency, attempt);
    if (verdict === 'healthy') return because;
    if (verdict !== 'again') throw new GoBack({ outcome: 'rolledBack', because: `the last look: ${because}` });
    await sleep(monitor.intervalMs, { summary: `look again (${because})` });
  }
}

/** @param against what meanwhile turned out against the release; then nobody needs to decide any more */
export async function approve(
  release: Release,
  approval: ApprovalPlan,
  against: () => string | null = () => null,
): Promise<string> {
  const { version, cutover } = release.plan;
  const answer = await ask(release, {
    kind: 'approval',
    name: 'promotion',
    prompt: cutover ? `Begin the cutover to ${version}?` : `Send all traffic to ${version}?`,
    accepts: ['approve', 'reject'],
    deadlineMs: approval.deadlineMs,
    consequence: 'goes back',
    unless: () => against() !== null,
  });
  const because = against();
  if (because !== null) throw new GoBack({ outcome: 'rolledBack', because });
  if (!answer) throw new GoBack({ outcome: 'rolledBack', because: 'nobody approved in time' });
  return `approved by ${approvedBy(release, 'promotion')}`;
}

/** Who approved what this names: `ann (identity), bob (identity)`. */
export function approvedBy({ state }: Release, name: string): string {
  const approvals = state.approvals.filter(({ token }) => token.startsWith(`${name}@`));
  return approvals.map(({ name, level }) => (name === level ? name : `${name} (${level})`)).join(', ');
}

/** All traffic, and with it the name of stable. */
export async function promote(release: Release, name: string): Promise<string> {
  const { state, plan } = release;
  const { version } = plan;
  // The end of the ramp is the end of what its steps said of the canary's pods.
  delete state.canaryScale;
  const moved = await moveTraffic(release, name, { weight: 100 });
  if (hasRoutes(release)) await removeRoutes(release, name);
  await forward(`${version} is stable`).setRoles({
    ...whereabouts(plan),
    stable: version,
    canary: null,
    fence: state.fence,
  });
  return moved;
}
