/** Releases on the local platform at 200 requests/s: how fast an abort takes traffic away, and what fails. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { approveContract, BAD, BAD_FLAG } from '../../infra/demo/play.ts';
import type { Stage } from '../../infra/demo/stage.ts';
import { failuresOf } from '../../infra/load/observe.ts';
import { startTraffic, type Traffic } from '../../infra/load/traffic.ts';
import { type ReleaseStatus, releaseId } from '../../workflows/messages.ts';
import { type Figure, percentile } from './figure.ts';
import { phaseFigures } from './phases.ts';

const RATE = 200;
/** The second one asks for the flag. */
const PATHS = ['/credentials', '/credentials/1'];
const target = { service: 'credlink-api', environment: 'demo' };
const id = releaseId(target);

export async function measureReleases(stage: Stage, rounds: number): Promise<Figure[]> {
  const quick = writePlan(stage, 'quick', ['- setWeight: 50', '- pause: { duration: 60s }']);
  await release(stage, { version: '1.0.0', file: quick, until: 'ended' });
  const traffic = startTraffic({
    address: await stage.serviceAddress(),
    ratePerSecond: RATE,
    paths: PATHS,
    atMost: { seconds: 1_800, requests: 1_800 * RATE },
  });
  try {
    const aborts = await abortRounds(stage, traffic, quick, rounds);
    stage.setFaults('1.2.0', BAD);
    stage.setFaults('1.3.0', BAD_FLAG);
    const good = await whole(stage, traffic, '1.1.0');
    const bad = await whole(stage, traffic, '1.2.0');
    const partly = await whole(stage, traffic, '1.3.0');
    const how = `${rounds} rounds at ${RATE} requests/s, 50 % canary; the slowest is the p99`;
    return [
      {
        name: 'abort accepted → last request routed to the canary, median',
        value: percentile(aborts, 50),
        unit: 'ms',
        aim: 100,
        how,
      },
      {
        name: 'abort accepted → last request routed to the canary, p99',
        value: percentile(aborts, 99),
        unit: 'ms',
        aim: null,
        how,
      },
      {
        name: 'failed requests over a good release, all phases',
        value: good.own + good.others,
        unit: '',
        aim: 0,
        how: `of ${good.requests}`,
      },
      {
        name: "failed requests over a bad release, apart from the canary's own",
        value: bad.others,
        unit: '',
        aim: 0,
        how: `of ${bad.requests}; its own: ${bad.own}`,
      },
      {
        name: "failed requests over a release whose flag is bad, apart from the flag's own",
        value: partly.others,
        unit: '',
        aim: 0,
        how: `of ${partly.requests}; its own: ${partly.own}`,
      },
      ...phaseFigures(good.status, good.responses),
    ];
  } finally {
    await traffic.stop();
  }
}

/** The demo's release file with other steps, no gates, no analysis, no configuration, and no window to wait for. */
function writePlan(stage: Stage, name: string, steps: readonly string[]): string {
  const text = readFileSync(stage.releaseFile, 'utf8');
  const part = (from: string, to: string): string => text.slice(text.indexOf(`\n${from}:`), text.indexOf(`\n${to}:`));
  const services = '  stableService: credlink-api-stable\n  canaryService: credlink-api-canary';
  const plan = [
    text.slice(0, text.indexOf('\ntarget:')),
    part('target', 'gates')
      .replace(/\n#[^\n]*/g, '')
      .trimEnd(),
    services,
    'canary:',
    '  steps:',
    ...steps.map((step) => `    ${step}`),
    '  readyDeadline: 30s',
    'promotion: { automatic: true }',
    'window: { duration: 1s }',
    '',
  ];
  const file = join(stage.folder, `${name}.yaml`);
  writeFileSync(file, plan.join('\n'));
  return file;
}

async function release(
  stage: Stage,
  act: { version: string; file: string; until: 'released' | 'ended' },
): Promise<void> {
  await stage.shiplock.start({ file: act.file, version: act.version, environment: 'demo', autoPromote: true });
  await stage.shiplock.wait(id, { until: act.until, timeoutMs: 300_000 });
}

async function abortRounds(stage: Stage, traffic: Traffic, file: string, rounds: number): Promise<number[]> {
  const taken: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const version = `9.0.${round}`;
    await stage.shiplock.start({ file, version, environment: 'demo', autoPromote: true });
    await until(stage, (status) => (status.weights[version] ?? 0) === 50);
    const before = traffic.responses.length;
    // A second of the split, so that the last canary request is not the first one.
    while (traffic.responses.length < before + RATE) await new Promise((resolve) => setTimeout(resolve, 20));
    await stage.shiplock.session.client.workflow.getHandle(id).signal('abort', { reason: 'measured' });
    const accepted = Date.now();
    await stage.shiplock.wait(id, { until: 'ended', timeoutMs: 60_000 });
    const routed = traffic.responses.filter((response) => response.version === version).map(({ sentAtMs }) => sentAtMs);
    taken.push(Math.max(0, Math.max(...routed) - accepted));
  }
  return taken;
}

async function until({ shiplock }: Stage, holds: (status: ReleaseStatus) => boolean): Promise<void> {
  for await (const { status } of shiplock.watch(id)) if (status && holds(status)) return;
}

/** One release of the demo's own file, with its contract approved, and what users saw of it. */
async function whole(stage: Stage, traffic: Traffic, version: string) {
  await stage.resetFlags();
  const before = traffic.responses.length;
  const ended = release(stage, { version, file: stage.releaseFile, until: 'ended' });
  await Promise.all([ended, approveContract(stage, version)]);
  const { status } = await stage.shiplock.get(id);
  if (!status) throw new Error(`${version} has no status`);
  const responses = traffic.responses.slice(before);
  return { ...failuresOf(responses, version), requests: responses.length, responses, status };
}
