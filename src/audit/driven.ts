import type { ReleaseStatus } from '../../workflows/messages.ts';

/** What Argo's controller made of the release: where its Rollout stood when it was looked at last, and its analyses. */
export function rolloutLines({ rollout }: ReleaseStatus): string[] {
  if (!rollout) return [];
  const { name, image, stable, seen } = rollout;
  const because = seen.because && `, ${seen.because}`;
  return [
    `  rollout ${name}: ${seen.phase}${because}; ${image} in the place of ${stable}`,
    ...seen.analyses.flatMap((run) => [
      `  analysis ${run.name} (${run.role}): ${run.phase}${run.because && `, ${run.because}`}`,
      ...run.metrics.map(
        ({ name, phase, because, successful, failed, inconclusive, errors, values }) =>
          `    ${name}: ${phase}, ${successful} good, ${failed} failed, ${inconclusive} undecided, ${errors} errors${because && `: ${because}`}; last ${values.join(', ') || 'nothing'}`,
      ),
    ]),
  ];
}
