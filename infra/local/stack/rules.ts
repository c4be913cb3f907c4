import { carriedWeights } from '../../../src/rollout/carried-weights.ts';
import { FENCE_STRIDE, type Refusal } from '../protocol.ts';

/** Whether a write may happen, and if not, why not and what to do. */
export type Ruling = { readonly allowed: true } | (Refusal & { readonly allowed: false });

const ALLOWED: Ruling = { allowed: true };

function refused(code: Refusal['code'], message: string): Ruling {
  return { allowed: false, code, message };
}

/** What a ruling needs to know of one revision. */
export interface RevisionFacts {
  readonly version: string;
  readonly replicas: number;
  readonly ready: number;
  readonly removing: boolean;
  /** Why replicas are not ready. */
  readonly because: string;
}

type Weights = Readonly<Record<string, number>>;

/** A writer with a lower number belongs to a time that is over. */
export function ruleFence(seen: number, asked: number): Ruling {
  if (asked >= seen) return ALLOWED;
  return refused(
    'SHIPLOCK_FENCE_STALE',
    `fence ${asked} is lower than ${seen}, which was seen: a later writer is at work`,
  );
}

/** The first number of the next release: a multiple of `FENCE_STRIDE` above everything seen. */
export function nextFence(seen: number): number {
  return (Math.floor(seen / FENCE_STRIDE) + 1) * FENCE_STRIDE;
}

/**
 * Weights are whole percents that sum to 100, and a share grows only where every replica is ready. No weights at
 * all mean that nothing is served: only to undo a first release, so never while another revision could serve.
 */
export function ruleWeights(current: Weights, asked: Weights, revisions: readonly RevisionFacts[]): Ruling {
  const entries = Object.entries(asked);
  if (entries.length === 0) return ruleSilence(current, revisions);
  const odd = entries.find(([, weight]) => !Number.isInteger(weight) || weight < 0 || weight > 100);
  if (odd) {
    return refused(
      'SHIPLOCK_LOCAL_REQUEST_INVALID',
      `weight ${odd[1]} of ${odd[0]} is not a whole percent from 0 to 100`,
    );
  }
  const sum = entries.reduce((total, [, weight]) => total + weight, 0);
  if (sum !== 100) return refused('SHIPLOCK_LOCAL_REQUEST_INVALID', `weights sum to ${sum}, not to 100`);
  for (const [version, weight] of entries) {
    if (weight <= (current[version] ?? 0)) continue;
    const short = whyNotReady(version, revisions);
    if (short) return refused('SHIPLOCK_LOCAL_NOT_READY', `${version} may not get ${weight} %: ${short}`);
  }
  return ALLOWED;
}

/** The way back where the growing side is short of ready replicas: as much as is carried. */
export function partialWeights(current: Weights, asked: Weights, revisions: readonly RevisionFacts[]): Weights {
  const carried = revisions
    .filter(({ removing }) => !removing)
    .map(({ version, ready, replicas }) => [version, Math.floor((100 * ready) / replicas)] as const);
  return carriedWeights(current, asked, Object.fromEntries(carried));
}

/**
 * Envoy watches one file for each revision, and aborts with all of its traffic when the system gives it no further
 * watch: so the one that would be too many is refused.
 *
 * @param most `null`: no bound is known here
 */
export function ruleCount(revisions: number, most: number | null): Ruling {
  if (most === null || revisions < most) return ALLOWED;
  return refused(
    'SHIPLOCK_LOCAL_REVISIONS_FULL',
    `${revisions} revisions run here, and the router can watch ${most}: let releases end, or raise fs.inotify.max_user_instances`,
  );
}

/** What carries traffic stays. */
export function ruleRemoval(version: string, weights: Weights): Ruling {
  const weight = weights[version] ?? 0;
  if (weight === 0) return ALLOWED;
  return refused('SHIPLOCK_LOCAL_CARRIES_TRAFFIC', `${version} carries ${weight} % of the traffic; move it away first`);
}

/** A revision with traffic may get more replicas; less, or another command, only without. */
export function ruleChange(
  version: string,
  weights: Weights,
  change: { readonly replicasBefore: number; readonly replicas: number; readonly otherwiseSame: boolean },
): Ruling {
  if (change.otherwiseSame && change.replicas >= change.replicasBefore) return ALLOWED;
  const removal = ruleRemoval(version, weights);
  if (removal.allowed) return ALLOWED;
  const what = change.otherwiseSame ? `shrink to ${change.replicas} replicas` : 'change what it runs';
  return refused('SHIPLOCK_LOCAL_CARRIES_TRAFFIC', `${version} may not ${what}: ${removal.message}`);
}

/** Versions in a fixed order, those without a share left out: the same weights are always the same value. */
export function canonicalWeights(weights: Weights): Record<string, number> {
  const shares = Object.entries(weights).filter(([, weight]) => weight > 0);
  return Object.fromEntries(shares.sort(([left], [right]) => (left < right ? -1 : 1)));
}

function ruleSilence(current: Weights, revisions: readonly RevisionFacts[]): Ruling {
  const carrying = Object.keys(current);
  const others = revisions.filter((revision) => !revision.removing && !carrying.includes(revision.version));
  if (carrying.length === 0 || (carrying.length === 1 && others.length === 0)) return ALLOWED;
  const named = [...carrying, ...others.map((revision) => revision.version)].join(', ');
  return refused('SHIPLOCK_LOCAL_REQUEST_INVALID', `no weights would serve nothing although there are ${named}`);
}

function whyNotReady(version: string, revisions: readonly RevisionFacts[]): string {
  const revision = revisions.find((candidate) => candidate.version === version);
  if (!revision) return 'there is no such revision';
  if (revision.removing) return 'it is being removed';
  if (revision.ready >= revision.replicas) return '';
  return `${revision.ready} of ${revision.replicas} replicas are ready (${revision.because})`;
}
