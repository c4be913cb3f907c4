import type { RevisionFacts } from './rules.ts';
import type { ServiceRecord } from './state.ts';

/**
 * The version that a service's preview address shows: the side without traffic. The canary while it has less than all
 * of it (the new side before a switch); else a revision that could serve and carries nothing (the old side, warm), the
 * stable one before the one that was started last; else what carries the most. `null` where there is nothing.
 *
 * It follows from what is stored and what is ready, so nobody sets it, and the file that moves the traffic moves it.
 *
 * @example previewOf({ stable: 'a', canary: 'b', weights: { a: 100 } }, revisions) // 'b'
 * @example previewOf({ stable: 'a', canary: 'b', weights: { b: 100 } }, revisions) // 'a'
 */
export function previewOf(
  service: Pick<ServiceRecord, 'stable' | 'canary' | 'weights'>,
  revisions: readonly Pick<RevisionFacts, 'version' | 'ready' | 'removing'>[],
): string | null {
  const { stable, canary, weights } = service;
  const staying = revisions.filter(({ removing }) => !removing);
  const isCandidate = staying.some(({ version }) => version === canary);
  if (canary !== null && isCandidate && (weights[canary] ?? 0) < 100) return canary;
  const warm = staying.filter(({ version, ready }) => ready > 0 && !weights[version]).map(({ version }) => version);
  if (stable !== null && warm.includes(stable)) return stable;
  return warm.at(-1) ?? heaviest(weights);
}

function heaviest(weights: Readonly<Record<string, number>>): string | null {
  const [first] = Object.entries(weights).sort(([, left], [, right]) => right - left);
  return first?.[0] ?? null;
}
