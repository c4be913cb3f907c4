/**
 * Why a version needs no steps: it was stable before, with fewer than so many others between it and the stable one of
 * now. `null`: it takes them all. Argo's `rollbackWindow` (argo-rollouts `isRollbackWithinWindow`), which counts
 * ReplicaSets; experiments and versions that never became stable do not count here.
 *
 * @param history versions that were stable, each once, the latest last
 * @example whyKnown({ version: '1', history: ['1', '2', '3'], stable: '3', revisions: 2 }) // 'was stable 1 version before …'
 */
export function whyKnown({
  version,
  history,
  stable,
  revisions,
}: {
  readonly version: string;
  readonly history: readonly string[];
  readonly stable: string;
  readonly revisions: number;
}): string | null {
  const at = history.lastIndexOf(version);
  if (at === -1 || version === stable) return null;
  const between = history.slice(at + 1).filter((other) => other !== stable).length;
  if (between >= revisions) return null;
  return `${version} was stable before, ${between} others ago: within the rollback window of ${revisions}`;
}
