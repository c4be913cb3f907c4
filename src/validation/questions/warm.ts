import type { ReleaseStatus } from '../../../workflows/messages.ts';
import { type Answer, passed, unshown } from '../question.ts';

/** The old side, looked at after all traffic has left it: it must be the old version that answered, and answer well. */
export function oldSide({ from, looks }: ReleaseStatus): Answer {
  const warm = looks?.warm;
  if (!warm) return unshown('nobody looked at the old side after the switch');
  if (warm.version !== from) {
    return unshown(`what answers as the old side is ${warm.version ?? 'of no known version'}, not ${from}`);
  }
  if (warm.status === null) return unshown(`${from} did not answer: ${warm.error}`);
  const took = `${warm.status} in ${warm.seconds.toFixed(3)} s`;
  if (warm.status >= 400) return unshown(`${from} answers ${took}`);
  return passed(`${from} is warm and answers ${took}`);
}
