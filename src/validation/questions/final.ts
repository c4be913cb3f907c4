/** Step 47: final release validation. */

import type { ReleaseStatus } from '../../../workflows/messages.ts';
import type { PerformanceCheck, Plan, SecurityCheck } from '../../plan/plan.ts';
import { judgeHeaders, judgeLoad } from '../judge.ts';
import { releaseNotes } from '../notes.ts';
import { type Answer, failed, lineOf, notDone, passed, type Question, share, unshown } from '../question.ts';

const step = 47;
const phase = 'validation';
const SECURITY = 'validation-security';
const PERFORMANCE = 'validation-performance';
const CHECKLIST = 'validation-checklist';

export const FINAL: readonly Question[] = [
  {
    step,
    phase,
    item: 'security review',
    planned: ({ validation }) => Boolean(validation?.security),
    answer: ({ validation }, status) =>
      validation?.security ? secure(validation.security, status) : unshown('no security check is planned'),
  },
  {
    step,
    phase,
    item: 'performance validated',
    planned: ({ validation }) => Boolean(validation?.performance),
    answer: ({ validation }, status) =>
      validation?.performance ? fast(validation.performance, status) : unshown('no performance check is planned'),
  },
  {
    step,
    item: 'documented',
    planned: () => true,
    answer: (plan, status) => {
      const lines = releaseNotes(plan, status).split('\n').length;
      return status.planDigest && status.progress.some(({ state }) => state === 'done')
        ? passed(`release notes of ${lines} lines, written from this record`)
        : unshown('there is no record that release notes could be written from');
    },
  },
  {
    step,
    item: 'every step done, or left out for a reason',
    planned: () => true,
    answer: everyStep,
  },
];

/** The line says that all of it passed; what was seen is judged once more. */
function secure({ auditGate, headers, image }: SecurityCheck, status: ReleaseStatus): Answer {
  const open = notDone(status, [SECURITY]);
  if (open) return open;
  const gate = status.gates.find(({ name }) => name === auditGate);
  if (auditGate !== null && gate?.verdict !== 'pass') return unshown(`gate ${auditGate} is not on record as passed`);
  if (image && !status.image?.user) return unshown('which user the image runs as is not on record');
  if (headers) {
    const seen = status.looks?.headers;
    if (!seen) return unshown('no response headers are on record');
    const { verdict, because } = judgeHeaders(headers.required, seen);
    if (verdict !== 'pass') return verdict === 'fail' ? failed(because) : unshown(because);
  }
  const asked = auditGate !== null || image || headers !== null;
  return asked ? passed(lineOf(status, SECURITY)?.because ?? '') : unshown('nothing was asked for');
}

function fast(check: PerformanceCheck, status: ReleaseStatus): Answer {
  const open = notDone(status, [PERFORMANCE]);
  if (open) return open;
  const load = status.looks?.load;
  if (!load) return unshown('no load is on record');
  const { verdict, because } = judgeLoad(status.from === null ? { ...check, versusStable: null } : check, load);
  if (verdict === 'pass') return passed(because);
  if (verdict === 'fail') return failed(because);
  const decision = status.decisions.find(
    ({ signal, accepted, payload }) => signal === 'approve' && accepted && payload.includes('performance@'),
  );
  if (!decision) return unshown(because);
  return passed(`neither shown nor disproved (${because}); ${decision.by?.name ?? 'a person'} decided to go on`);
}

function everyStep(_: Plan, status: ReleaseStatus): Answer {
  const end = status.progress.findIndex(({ name }) => name === CHECKLIST);
  const flagsUndone = status.undone?.some((undone) => undone.phase === 'flags') ?? false;
  const lines = status.progress
    .slice(0, end === -1 ? undefined : end)
    .filter(({ name }) => !(flagsUndone && name.startsWith('flag-')));
  const broken = lines.find(({ state }) => state === 'failed');
  if (broken) return failed(`${broken.name} failed: ${broken.because}`);
  const open = lines.find(({ state, because }) => state !== 'done' && !(state === 'skipped' && because !== ''));
  if (open) return unshown(`${open.name} is ${open.state}`);
  const skipped = lines.filter(({ state }) => state === 'skipped').length;
  if (lines.length === skipped) return unshown('no step is on record');
  return passed(`${share(lines.length - skipped, lines.length, 'steps done')}, ${skipped} left out with their reason`);
}
