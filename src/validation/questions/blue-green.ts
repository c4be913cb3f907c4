/** Step 45: blue-green deployments. */

import type { ReleaseStatus } from '../../../workflows/messages.ts';
import type { DatabasePlan, Plan } from '../../plan/plan.ts';
import { judgeProbe } from '../judge.ts';
import {
  type Answer,
  CONFIRMED,
  failed,
  isConfirmed,
  lineOf,
  notDone,
  passed,
  type Question,
  secondsOf,
  share,
  unshown,
} from '../question.ts';
import { oldSide } from './warm.ts';

const step = 45;
const SWITCH = 'cutover-switch';

export const BLUE_GREEN: readonly Question[] = [
  {
    step,
    item: 'new side looked at before the switch',
    planned: ({ cutover }) => Boolean(cutover?.preview ?? cutover?.before),
    answer: lookedAt,
  },
  {
    step,
    item: 'all traffic in one switch',
    needsConfirmation: true,
    planned: ({ cutover }) => cutover !== undefined,
    answer: ({ version }, status) => {
      const line = lineOf(status, SWITCH);
      const open = notDone(status, [SWITCH]);
      if (open) return open;
      if (!isConfirmed(line?.because ?? '')) return unshown(`the switch was not ${CONFIRMED}: ${line?.because}`);
      const weight = status.weights[version] ?? 0;
      if (weight !== 100) return failed(`${version} has ${weight} % of the traffic`);
      return passed(`100 % for ${version}, ${CONFIRMED} after ${secondsOf(line) ?? 'an unknown time'}`);
    },
  },
  {
    step,
    item: 'instant rollback',
    needsOldSide: true,
    planned: ({ cutover }) => cutover !== undefined,
    answer: ({ window }, status) => {
      const { verdict, evidence } = oldSide(status);
      if (verdict !== 'passed') return unshown(evidence);
      if (window.durationMs === 0)
        return failed('the window is empty: the old side goes as soon as the release stands');
      const forward = secondsOf(lineOf(status, SWITCH));
      if (forward === null) return unshown(`${evidence}, but no switch was made that could be made back`);
      return passed(`${evidence}; the same switch, ${forward} forward, goes back until the window ends`);
    },
  },
  {
    step,
    item: 'database migration safety',
    planned: ({ database }) => database !== undefined,
    answer: ({ database }, status) => (database ? migrated(database, status) : unshown('no database is planned')),
  },
];

function lookedAt({ version, cutover }: Plan, status: ReleaseStatus): Answer {
  const { preview, before } = cutover ?? { preview: null, before: null };
  const names = [...(preview ? ['cutover-preview'] : []), ...(before ? ['cutover-before'] : [])];
  const open = notDone(status, names);
  if (open) return open;
  const said = before ? [`analysis: ${lineOf(status, 'cutover-before')?.because}`] : [];
  if (!preview) return passed(said.join(''));
  const probe = status.looks?.preview;
  if (!probe) return unshown('no look at the preview is on record');
  if (probe.version !== version) return unshown(`what was looked at is ${probe.version ?? 'of no known version'}`);
  const { verdict, because } = judgeProbe(preview, probe);
  return verdict === 'pass' ? passed([because, ...said].join('; ')) : failed(because);
}

/** What old and new code can both live with came before the new code; what only new code can, has not come yet. */
function migrated({ expand, contract }: DatabasePlan, status: ReleaseStatus): Answer {
  const names = expand.map((_, index) => `expand-${index + 1}`);
  const open = notDone(status, names);
  if (open) return open;
  const done = expand.map(({ name }) => status.migrations?.find((one) => one.kind === 'expand' && one.name === name));
  const missing = expand.find((_, index) => !done[index]);
  if (missing) return unshown(`${missing.name} is on record as neither applied nor found`);
  const begun = (lineOf(status, 'ready') ?? lineOf(status, 'rollout-image'))?.startedAt ?? '';
  const late = names.find((name) => (lineOf(status, name)?.endedAt ?? '~') > begun);
  if (late) return failed(`${late} ended after the new version was started`);
  const how = `${done.filter((one) => one?.outcome === 'found').length} found`;
  const before = `${share(done.length, expand.length, 'expanding migrations done')} before the new version ran (${how})`;
  return passed(
    contract.length > 0 ? `${before}; ${contract.length} contracting, only on approval, after the window` : before,
  );
}
