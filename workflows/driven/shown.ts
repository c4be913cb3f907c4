/** What the page says of a Rollout. Pure. */
import { code, table, text } from '../markdown.ts';
import type { RolloutProgress } from './progress.ts';

export function rolloutPart(rollout: RolloutProgress | undefined): string {
  if (!rollout) return '';
  const { name, seen, image } = rollout;
  const { phase, because, step, steps, pods } = seen;
  const at = step ? `, step ${step.index + 1} of ${steps}: ${text(step.title)}` : '';
  const head = `### Rollout ${text(name)}: ${phase}${because ? ` (${text(because)})` : ''}`;
  const line = `${code(image)}${at}; ${pods.updated} of ${pods.wanted} pods are new, ${pods.available} available.`;
  return [head, line, analyses(seen.analyses)].filter((part) => part !== '').join('\n\n');
}

function analyses(all: RolloutProgress['seen']['analyses']): string {
  const rows = all.flatMap(({ name, phase, metrics }) =>
    metrics.length === 0
      ? [[text(name), '', phase, '', '']]
      : metrics.map((metric) => [
          text(name),
          text(metric.name),
          metric.phase,
          `${metric.successful} good, ${metric.failed} failed, ${metric.inconclusive} undecided, ${metric.errors} errors`,
          text(metric.values.join(', ')),
        ]),
  );
  return rows.length === 0 ? '' : table(["Argo's analysis", 'metric', 'verdict', 'measurements', 'last values'], rows);
}
