/** Step 44: feature flags. */
import type { FlagRamp } from '../../plan/plan.ts';
import { notDone, passed, type Question, share, unshown } from '../question.ts';
import { flagCriteria, judged, nameOf } from './criteria.ts';

const step = 44;
const phase = 'flags';

export const FLAGS: readonly Question[] = [
  {
    step,
    phase,
    item: 'flags ramped in steps',
    planned: ({ flags }) => flags !== undefined,
    answer: ({ flags }, status) => {
      const ramps = flags?.ramps ?? [];
      const open = notDone(status, ramps.flatMap(linesOf));
      if (open) return open;
      const found = ramps.map(({ key }) => status.flags?.find((flag) => flag.key === key));
      const short = ramps.find((ramp, index) => (found[index]?.percent ?? -1) < lastPercent(ramp));
      if (short) return unshown(`${short.key} is not shown at ${lastPercent(short)} %`);
      return passed(
        found.map((flag) => `${flag?.key}: ${flag?.variant} from ${flag?.from} to ${flag?.percent} %`).join(', '),
      );
    },
  },
  {
    step,
    phase,
    item: 'flags guarded by analysis',
    planned: (plan) => flagCriteria(plan).length > 0,
    answer: (plan, status) => {
      const criteria = flagCriteria(plan);
      const unread = criteria.filter((criterion) => judged(status, criterion) === 0);
      if (unread.length > 0) return unshown(`never judged: ${unread.map(nameOf).join(', ')}`);
      const open = notDone(status, [...new Set(criteria.map(({ analysis }) => analysis))]);
      return open ?? passed(`${share(criteria.length, criteria.length, 'metrics judged')} between the steps`);
    },
  },
];

function linesOf({ steps }: FlagRamp, ramp: number): string[] {
  return steps.map((_, index) => `flag-${ramp + 1}-${index + 1}`);
}

function lastPercent({ steps }: FlagRamp): number {
  return steps.reduce((last, planned) => (planned.kind === 'setPercent' ? planned.percent : last), 0);
}
