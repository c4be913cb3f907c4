/**
 * Kills the worker after each event of a release's history, in turn, and shows that nothing depends on it; on Kubernetes
 * also before and after each write.
 *
 * `npm run faults:kill -- [--platform kubernetes] [--sample N] [--parallel P] [--only KIND,…] [--from K] [--seed S] [-o json]`
 *
 * Exit code 1 if any release came to something else than the undisturbed one.
 */
import { parseArgs } from 'node:util';
import { onOurs } from '../cluster/on-cluster.ts';
import { differences } from './expectations.ts';
import { CANARIES, KINDS, type Kind } from './kinds.ts';
import { openKubernetes } from './kubernetes/platform.ts';
import { openLocal } from './local.ts';
import { type Ran, releaseOnce } from './once.ts';
import type { Lane, Platform } from './platform.ts';
import { header, type Result, row, summary, undisturbedLine } from './table.ts';
import { sampled, type Trial, trialsOf } from './trials.ts';
import type { WorkerProcess } from './worker.ts';

const { values } = parseArgs({
  options: {
    platform: { type: 'string', default: 'local' },
    /** In the network of the test cluster, which brings itself here. */
    inside: { type: 'boolean', default: false },
    sample: { type: 'string' },
    parallel: { type: 'string', default: '3' },
    only: { type: 'string' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    output: { type: 'string', short: 'o', default: 'table' },
  },
});
const only = values.only?.split(',');
const platforms = { local: KINDS, kubernetes: CANARIES } as const;
if (values.platform !== 'local' && values.platform !== 'kubernetes')
  throw new Error(`--platform takes one of ${Object.keys(platforms).join(', ')}`);
const known: readonly Kind[] = platforms[values.platform];
const kinds = known.filter((kind) => !only || only.includes(kind));
if (kinds.length === 0) throw new Error(`--only takes some of ${known.join(', ')}`);
const say = values.output === 'json' ? () => undefined : console.log;

/** A lane and the worker that lives in it. */
interface Seat {
  readonly lane: Lane;
  worker: WorkerProcess;
}

process.exitCode =
  values.platform === 'local'
    ? await killOn(await openLocal(kinds))
    : values.inside
      ? await killOn(await openKubernetes())
      : await onOurs([process.execPath, ...process.argv.slice(1), '--inside']);

async function killOn(platform: Platform): Promise<number> {
  try {
    const startedAt = performance.now();
    const results = await run(platform);
    const seconds = (performance.now() - startedAt) / 1_000;
    const failed = results.filter((result) => result.differences.length > 0).length;
    if (values.output === 'json') {
      const passed = results.length - failed;
      console.log(JSON.stringify({ ok: failed === 0, passed, failed, seconds, results }, null, 1));
    } else console.log(summary(results, seconds));
    return failed === 0 ? 0 : 1;
  } finally {
    await platform.close();
  }
}

async function run(platform: Platform): Promise<Result[]> {
  const seats = await Promise.all(
    Array.from({ length: Number(values.parallel) }, async (_, index): Promise<Seat> => {
      const lane = await platform.openLane(`lane-${index + 1}`);
      return { lane, worker: await lane.startWorker() };
    }),
  );
  const undisturbed = new Map<Kind, Ran>();
  await share(seats, kinds, async (seat, kind) => {
    const { ran } = await releaseOnce({ ...seat, kind, service: `calm-${kind}`, kill: null });
    undisturbed.set(kind, ran);
    const odd = differences(platform.demanded(kind, ran.images), ran, ran);
    if (odd.length > 0)
      throw new Error(`${kind}, undisturbed (${ran.because}), is not what it must be: ${odd.join('; ')}`);
    say(undisturbedLine(kind, ran));
  });

  const all = kinds
    .flatMap((kind) => trialsOf(kind, undisturbed.get(kind) as Ran))
    .filter(({ kill }) => kill.number >= Number(values.from));
  const trials = sampled(all, Number(values.sample ?? all.length), Number(values.seed));
  const results: Result[] = [];
  say(header());
  await share(seats, trials, async (seat, trial) => {
    const result = await attempt(platform, seat, trial, undisturbed.get(trial.kind) as Ran);
    results.push(result);
    say(row(result));
  });
  return results;
}

async function attempt(platform: Platform, seat: Seat, trial: Trial, calm: Ran): Promise<Result> {
  const { kind, kill } = trial;
  const service = `${kind}-${kill.number}${kill.at === 'write' ? kill.side[0] : ''}`;
  const { ran, worker } = await releaseOnce({ ...seat, kind, service, kill });
  seat.worker = worker;
  const { killedAt, outcome, seconds, requests, lost } = ran;
  const odd = differences(platform.demanded(kind, calm.images), ran, calm);
  return { ...trial, killedAt, outcome, seconds, requests, lost, differences: odd };
}

/**
 * Each item once, by whichever seat is free.
 *
 * @throws the first error, once no seat works any more: what it still needs must not be taken away beneath it
 */
async function share<Item>(
  seats: readonly Seat[],
  items: readonly Item[],
  work: (seat: Seat, item: Item) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const ended = await Promise.allSettled(
    seats.map(async (seat) => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
        await work(seat, item).catch((error: unknown) => {
          queue.length = 0;
          throw error;
        });
      }
    }),
  );
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}
