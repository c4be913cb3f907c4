/** Step 46: deployment automation. */
import { failed, lineOf, notDone, passed, type Question, unshown } from '../question.ts';

const step = 46;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

export const AUTOMATION: readonly Question[] = [
  {
    step,
    item: 'plan admitted under the policy',
    planned: () => true,
    answer: (_, status) => {
      if (!status.planDigest) return unshown('the plan has no digest on record');
      const open = notDone(status, ['admission']);
      return open ?? passed(lineOf(status, 'admission')?.because ?? '');
    },
  },
  {
    step,
    item: 'trigger known',
    planned: () => true,
    answer: (_, { startedBy, startedAt }) =>
      startedBy.trim() === '' ? unshown('nobody is named who started it') : passed(`${startedBy}, ${startedAt}`),
  },
  {
    step,
    item: 'image known by its digest',
    planned: ({ image }) => image !== undefined,
    answer: ({ image: planned }, status) => {
      const { image } = status;
      const open = notDone(status, ['image']);
      if (open) return open;
      if (!image || !DIGEST.test(image.digest)) return unshown('no digest is on record');
      if (planned?.digest && planned.digest !== image.digest)
        return failed(`${image.digest} is not the plan's ${planned.digest}`);
      return passed(
        `${image.digest.slice(0, 19)}, ${image.how === 'given' ? 'given by the plan; nobody was asked' : image.how}`,
      );
    },
  },
  {
    step,
    item: 'notifications sent',
    planned: ({ notify }) => (notify?.length ?? 0) > 0,
    answer: ({ notify }, { told }) =>
      told
        ? passed(`${told} events for ${notify?.join(', ')}; delivery holds up nothing`)
        : unshown('no webhook was told of anything'),
  },
];
