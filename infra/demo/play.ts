/** The acts that a demo and its controls are made of. */
import { setTimeout } from 'node:timers/promises';
import { type ReleaseStatus, releaseId } from '../../workflows/messages.ts';
import { startTraffic, type Traffic } from '../load/traffic.ts';
import type { Stage } from './stage.ts';
import { reactionOf, renderChecklist, renderSummary } from './summary.ts';

const TARGET = { service: 'credlink-api', environment: 'demo' };
const RATE = 100;
/** Longer than any demo takes. */
const AT_MOST = { seconds: 1_200, requests: 120_000 };
/** A good build whose new side, behind its flag, fails every second request. */
export const BAD_FLAG = { flagErrorShare: 0.5 };
/** A bad build: every fifth request fails, every second one is slow. */
export const BAD = { errorShare: 0.2, latency: { milliseconds: 900, share: 0.5 } };

export function say(text: string): void {
  console.log(`\n▌ ${text}`);
}

/** The version that everything starts from; a first release has no ramp. */
export async function settleIn(stage: Stage): Promise<Traffic> {
  say('1.0.0, the first release: no ramp, since nothing runs yet');
  await expectCode(
    stage,
    ['start', '1.0.0', ...fileOf(stage.firstFile), '--auto-promote', '--wait', '--timeout', '3m'],
    0,
  );
  return startTraffic({
    address: await stage.serviceAddress(),
    ratePerSecond: RATE,
    paths: ['/credentials', '/credentials/1'],
    atMost: AT_MOST,
  });
}

export interface Act {
  readonly version: string;
  readonly expected: 0 | 3 | 6;
  readonly interactive?: boolean;
  /** Default: the stage's `releaseFile`. */
  readonly file?: string;
}

/** What is told of a release at its end. */
export interface Played {
  readonly summary: string;
  readonly checklist: string;
  /** Seconds from its first bad answer to the verdict against it; `null`: there was none. */
  readonly caughtAfter: number | null;
}

/** One release under load, and what the load generator saw of it. Throws where it ends otherwise than expected. */
export async function play(
  stage: Stage,
  traffic: Traffic,
  { version, expected, interactive, file }: Act,
): Promise<Played> {
  const before = traffic.responses.length;
  const promotion = interactive ? '--no-auto-promote' : '--auto-promote';
  if (interactive) {
    say(`to approve, open ${uiOf(stage)} → User Metadata (what to send) → More Actions → Send a Signal → approve`);
  }
  await stage.resetFlags();
  const args = [
    'start',
    version,
    ...fileOf(file ?? stage.releaseFile),
    promotion,
    '--if-busy',
    'wait',
    '--wait',
    '--until',
    'ended',
  ];
  const ended = expectCode(stage, [...args, '--timeout', '10m'], expected);
  const approved = interactive || expected === 3 ? null : approveContract(stage, version);
  await Promise.all([ended, approved]);
  const { status, runId } = await lastOf(stage);
  const samples = traffic.responses.slice(before);
  const summary = renderSummary(status, samples, uiOf(stage, runId));
  return { summary, checklist: renderChecklist(status), caughtAfter: reactionOf(status, samples).faultToVerdict };
}

/** What a person would do once the window has closed without a complaint; nothing, where it does not come to that. */
export async function approveContract(stage: Stage, version: string): Promise<void> {
  for (;;) {
    const { status } = await stage.shiplock.get(releaseId(TARGET)).catch(() => ({ status: null }));
    const { waiting } = status ?? {};
    if (status?.version === version && status.phase === 'ended') return;
    if (status?.version === version && status.phase === 'contract' && waiting?.kind === 'approval') {
      const named = [`${TARGET.environment}/${TARGET.service}`, '--step', waiting.token];
      await expectCode(stage, ['approve', ...named, '--comment', 'the window closed without a complaint'], 0);
      return;
    }
    await setTimeout(500);
  }
}

async function expectCode(stage: Stage, args: readonly string[], expected: number): Promise<void> {
  const code = await stage.run(args);
  if (code !== expected) throw new Error(`shiplock ${args.join(' ')} ended with ${code}, not ${expected}`);
}

function fileOf(file: string): string[] {
  return ['--file', file, '--environment', TARGET.environment];
}

async function lastOf({ shiplock }: Stage): Promise<{ status: ReleaseStatus; runId: string }> {
  const { status, execution } = await shiplock.get(releaseId(TARGET));
  if (!status) throw new Error('the release has no status');
  return { status, runId: execution.runId };
}

/** Where the release is in the UI: one run's page if there is one to name, else whatever its id stands for then. */
function uiOf({ stack }: Stage, runId?: string): string {
  const page = runId ? `/${runId}/user-metadata` : '';
  return `${stack.servers.temporal.ui}/namespaces/default/workflows/${releaseId(TARGET)}${page}`;
}
