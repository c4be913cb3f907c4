import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReleaseStatus } from '../../workflows/messages.ts';
import { ShiplockError } from '../errors.ts';
import { chainsOf, checkChain } from './chain.ts';
import { checkManifest } from './check-manifest.ts';
import { checkReplay } from './check-replay.ts';
import { checkWitnesses } from './check-witnesses.ts';
import type { Difference, Finding } from './difference.ts';
import { type ArchivedRun, findRuns } from './find.ts';
import { looksOf } from './looks.ts';
import { type Closing, closingOf, sha256 } from './manifest.ts';
import { loadWorker, rerun } from './rerun.ts';

export interface ReplayOptions {
  /** `archived` (default): the code that made the history, as the archive keeps it. `current`: this version's. */
  readonly bundle?: 'archived' | 'current';
  /** This version's workflow code, asked for where it is needed. */
  readonly currentBundle: () => Promise<{ readonly code: string; readonly digest: string }>;
}

export interface ReplayedRun {
  readonly file: string;
  readonly workflowId: string;
  readonly runId: string;
  /** How the server closed it; `open`: it had not ended when the history was written. */
  readonly closing: Closing | 'open';
  /** Which code was run, by its SHA-256. */
  readonly bundle: { readonly digest: string; readonly from: 'archive' | 'current' };
  /** Whether there was a manifest to hold the files against. */
  readonly hasManifest: boolean;
  /** The last run of its release: its status tells the whole. */
  readonly last: boolean;
  /** As computed again. */
  readonly status: ReleaseStatus | null;
  readonly differences: readonly Difference[];
}

export interface ReplayReport {
  /** Everything is as recorded. */
  readonly ok: boolean;
  readonly runs: readonly ReplayedRun[];
  /** How many verdicts were computed again: judged readings, gates, looks, items of the checklist. */
  readonly verdicts: number;
}

/**
 * Replays every run at a path in this process and compares what it does with what was recorded. Runs workflow code of
 * the archive: replay only archives of your own, or pass `bundle: 'current'`.
 *
 * @param path See `findRuns`.
 * @throws SHIPLOCK_ARCHIVE_NOT_FOUND, SHIPLOCK_ARCHIVE_FORMAT, SHIPLOCK_HISTORY_UNREADABLE, SHIPLOCK_BUNDLE_MISSING,
 *   SHIPLOCK_BUNDLE_ALTERED, SHIPLOCK_REPLAY_NEEDS_WORKER
 * @example
 * const { ok, runs } = await replayArchive('archive/release-production-api', { currentBundle: loadWorkflowBundle });
 */
export async function replayArchive(path: string, options: ReplayOptions): Promise<ReplayReport> {
  const found = findRuns(path);
  await loadWorker();
  const runs: ReplayedRun[] = [];
  for (const chain of chainsOf(found)) {
    const handovers = checkChain(chain);
    for (const run of chain) {
      runs.push(await replayRun(run, handovers.get(run) ?? [], run === chain.at(-1), options));
    }
  }
  const verdicts = runs.reduce((sum, run) => sum + (run.last ? verdictsOf(run.status) : 0), 0);
  return { ok: runs.every(({ differences }) => differences.length === 0), runs, verdicts };
}

async function replayRun(
  run: ArchivedRun,
  handover: readonly Finding[],
  last: boolean,
  options: ReplayOptions,
): Promise<ReplayedRun> {
  const { file, workflowId, runId, manifest, history } = run;
  const { code, ...bundle } = await bundleFor(run, options);
  const again = await rerun(run, code);
  const findings = [
    ...(manifest ? checkManifest(manifest, history, run.files) : []),
    ...checkWitnesses(history),
    ...handover,
    ...checkReplay(history, again),
  ];
  return {
    file,
    workflowId,
    runId,
    closing: closingOf(history)?.how ?? 'open',
    bundle,
    hasManifest: manifest !== null,
    last,
    status: again.status,
    differences: findings.map((finding) => ({ ...finding, workflowId, runId })),
  };
}

async function bundleFor(
  { manifest, bundles, file }: ArchivedRun,
  { bundle, currentBundle }: ReplayOptions,
): Promise<{ code: string } & ReplayedRun['bundle']> {
  if (bundle === 'current' || !manifest || !bundles) return { ...(await currentBundle()), from: 'current' };
  const { digest } = manifest.bundle;
  if (!/^[0-9a-f]{64}$/.test(digest)) throw altered(file, digest, 'the manifest names no SHA-256');
  const kept = join(bundles, `${digest}.js`);
  if (!existsSync(kept)) {
    throw new ShiplockError({
      code: 'SHIPLOCK_BUNDLE_MISSING',
      message: `the workflow code that made ${file} is not in the archive: ${kept}`,
      mend: 'put it back, or replay with this version’s code: --bundle current',
    });
  }
  const code = readFileSync(kept, 'utf8');
  if (sha256(code) !== digest) throw altered(file, digest, `${kept} has another digest`);
  return { code, digest, from: 'archive' };
}

/** Code that is not what it claims to be is not run. */
function altered(file: string, digest: string, because: string): ShiplockError {
  return new ShiplockError({
    code: 'SHIPLOCK_BUNDLE_ALTERED',
    message: `the workflow code ${digest.slice(0, 12)} that made ${file} was altered: ${because}`,
    mend: 'take it from another copy of the archive, or replay with this version’s code: --bundle current',
  });
}

function verdictsOf(status: ReleaseStatus | null): number {
  if (!status) return 0;
  const readings = status.metrics.reduce((sum, metric) => sum + metric.readings.length, 0);
  return readings + status.gates.length + looksOf(status).length + (status.checklist?.length ?? 0);
}
