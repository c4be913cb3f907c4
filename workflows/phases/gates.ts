import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import type { GateReport } from '../../activities/gates/port.ts';
import type { Gate } from '../../src/plan/plan.ts';
import { building } from '../activities.ts';
import { onBuildHost } from '../build-host.ts';
import { GoBack, type Release } from '../control.ts';
import { ask, keyOf, rootMessage, step } from '../steps.ts';

/** A gate that could be shown neither way waits this long for somebody to mend its cause and say `retry`. */
const BLOCKED_DEADLINE_MS = 30 * 60_000;

/** What must be positively shown before anything changes, one after the other, on one build host. */
export async function gates(release: Release): Promise<void> {
  const { state, plan } = release;
  state.phase = 'gates';
  for (const gate of plan.gates) await step(release, `gate-${gate.name}`, () => pass(release, gate));
}

async function pass(release: Release, gate: Gate): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const name = attempt === 1 ? `gate-${gate.name}` : `gate-${gate.name}-${attempt}`;
    const report = await run(release, gate, name);
    const others = release.state.gates.filter((known) => known.name !== gate.name);
    release.state.gates = [...others, { name: gate.name, ...report }];
    if (report.verdict === 'pass') return report.because;
    if (report.verdict === 'fail') {
      throw new GoBack({ outcome: 'rejected', because: `gate ${gate.name}: ${report.because}` });
    }
    const answer = await ask(release, {
      kind: 'gate',
      name,
      prompt: `Gate ${gate.name} could not be shown: ${report.because}. Run it again?`,
      accepts: ['retry'],
      deadlineMs: BLOCKED_DEADLINE_MS,
      consequence: 'rejects the release',
    });
    if (!answer) throw new GoBack({ outcome: 'rejected', because: `gate ${gate.name}: ${report.because}` });
  }
}

/** A gate whose worker failed has shown nothing. */
async function run(release: Release, gate: Gate, name: string): Promise<GateReport> {
  try {
    const key = keyOf(release, name);
    const request = { gate, key, ...(gate.kind === 'web' && { environment: release.plan.environment }) };
    return await onBuildHost(release, (host) => building(gate.name, host, gate.timeoutMs).runGate(request));
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const because = `it could not be run (${rootMessage(error)})`;
    return { verdict: 'inconclusive', because, durationMs: 0, exitCode: null, log: null };
  }
}
