/** What single phases of the demo's good release do to its users, and how fast they act. */
import { failed } from '../../infra/load/observe.ts';
import type { Response } from '../../src/load/load.ts';
import type { Progress, ReleaseStatus } from '../../workflows/messages.ts';
import { type Figure, percentile } from './figure.ts';

/** Requests that were under way when a phase ended belong to it, too. */
const AFTER_MS = 1_000;

export function phaseFigures(status: ReleaseStatus, responses: readonly Response[]): Figure[] {
  const lines = (prefix: string): Progress[] => status.progress.filter(({ name }) => name.startsWith(prefix));
  const [moved] = lines('cutover-switch');
  if (!moved?.endedAt) throw new Error('the release has made no switch');
  const after = Date.parse(moved.endedAt);
  const old = responses.filter(({ version }) => version === status.from).map(({ sentAtMs }) => sentAtMs);
  const writes = lines('flag-').filter(({ because }) => /for \d+ % of users$/.test(because));
  const failing = (phase: string, prefix: string): Figure => {
    const within = during(responses, lines(prefix));
    return {
      name: `failed requests during the ${phase}`,
      value: within.filter(failed).length,
      unit: '',
      aim: 0,
      how: `of ${within.length}`,
    };
  };
  return [
    failing('cutover', 'cutover-'),
    {
      name: 'cutover: the switch is done → last request routed to the old side',
      value: Math.max(0, Math.max(...old) - after),
      unit: 'ms',
      aim: null,
      how: 'one switch',
    },
    failing('flag ramp', 'flag-'),
    {
      name: 'flags: a step of the ramp, from scheduled to confirmed in force, median',
      value: percentile(
        writes.map(({ startedAt, endedAt }) => Date.parse(endedAt ?? '') - Date.parse(startedAt ?? '')),
        50,
      ),
      unit: 'ms',
      aim: null,
      how: `${writes.length} steps: ${writes.map(({ title }) => title).join(', ')}`,
    },
  ];
}

/** What was meant to be sent from the first line's start until a moment after the last one's end. */
function during(responses: readonly Response[], lines: readonly Progress[]): Response[] {
  const from = Math.min(...lines.map(({ startedAt }) => Date.parse(startedAt ?? '')));
  const to = Math.max(...lines.map(({ endedAt }) => Date.parse(endedAt ?? ''))) + AFTER_MS;
  return responses.filter(({ dueAtMs }) => dueAtMs >= from && dueAtMs < to);
}
