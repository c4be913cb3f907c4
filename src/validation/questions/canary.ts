/** Step 43: canary deployments. */
import type { Progress, ReleaseStatus } from '../../../workflows/messages.ts';
import type { Plan } from '../../plan/plan.ts';
import {
  type Answer,
  CONFIRMED,
  failed,
  isConfirmed,
  lineOf,
  notDone,
  passed,
  type Question,
  share,
  unshown,
  WAIVED,
  waived,
} from '../question.ts';
import { judged, nameOf, trafficCriteria } from './criteria.ts';
import { oldSide } from './warm.ts';

const step = 43;

export const CANARY: readonly Question[] = [
  {
    step,
    item: 'configuration correct',
    planned: ({ configuration }) => configuration.length > 0,
    answer: ({ configuration }, status) => {
      const names = configuration.map((_, index) => `configuration-${index + 1}`);
      const written = names.map((name) => lineOf(status, name)?.because ?? '');
      return (
        notDone(status, names) ??
        passed(`${share(names.length, names.length, 'fields written')}: ${written.join(', ')}`)
      );
    },
  },
  {
    step,
    item: 'promotion criteria defined',
    needsOldSide: true,
    planned: (plan) => trafficCriteria(plan).length > 0 || plan.promotion.monitor !== null,
    answer: criteriaApplied,
  },
  {
    step,
    item: 'rollback works',
    needsOldSide: true,
    // How long its old pods stay warm is the controller's to know.
    planned: ({ target }) => target.platform !== 'argo',
    answer: (_, status) => {
      const { verdict, evidence } = oldSide(status);
      return verdict === 'passed'
        ? passed(`${evidence}; going back is one traffic move, which was not made`)
        : unshown(evidence);
    },
  },
  {
    step,
    item: 'monitoring and alerting active',
    needsOldSide: true,
    planned: (plan) => trafficCriteria(plan).length > 0,
    answer: (plan, status) => {
      const { metrics } = status;
      const good = metrics.reduce((sum, metric) => sum + metric.good, 0);
      const all = metrics.reduce((sum, { readings }) => sum + readings.length, 0);
      const without = rampWaived(plan, status);
      if (all === 0 && without) return without;
      if (good === 0) return unshown(`none of ${all} readings showed anything good`);
      const guards = [
        (plan.canary.background ?? plan.canary.comparison) && 'the ramp',
        plan.cutover?.after && 'the switch',
      ].filter(Boolean);
      const alarm =
        guards.length > 0 ? `a bad one takes ${guards.join(' and ')} back` : 'a bad one stops the next step';
      return passed(`${share(good, all, 'readings good')}; ${alarm}; alert rules beyond that are not asked`);
    },
  },
  {
    step,
    item: 'pre-deployment checks comprehensive',
    planned: ({ gates }) => gates.length > 0,
    answer: ({ gates }, status) => {
      const reports = gates.map(({ name }) => ({ name, report: status.gates.find((gate) => gate.name === name) }));
      const against = reports.find(({ report }) => report?.verdict === 'fail');
      if (against) return failed(`${against.name}: ${against.report?.because}`);
      const open = reports.filter(({ report }) => report?.verdict !== 'pass').map(({ name }) => name);
      if (open.length > 0) return unshown(`not shown: ${open.join(', ')}`);
      return passed(
        `${share(gates.length, gates.length, 'gates passed')}: ${gates.map(({ name }) => name).join(', ')}`,
      );
    },
  },
  {
    step,
    item: 'traffic shifts gradually',
    needsOldSide: true,
    needsConfirmation: true,
    ofTheRamp: true,
    planned: (plan) => weightsOf(plan).length > 0,
    answer: (plan, status) => {
      const planned = weightsOf(plan).map((weight) => ({ ...weight, line: lineOf(status, weight.name) }));
      const shown = planned.filter(({ line }) => line?.state === 'done' && isConfirmed(line.because));
      const without = planned.filter(({ line }) => isWaived(line));
      const counted = `${share(shown.length, planned.length, `weights ${CONFIRMED}`)}${without.length > 0 ? `, ${without.length} ${WAIVED}` : ''}`;
      const times = shown.map(({ line }) => line?.endedAt ?? '');
      const inOrder = times.every((time, index) => time !== '' && time >= (times[index - 1] ?? ''));
      const none = rampWaived(plan, status);
      if (none) return none;
      if (shown.length + without.length < planned.length) return unshown(counted);
      if (!inOrder) return unshown(`${counted}, but not in the order of the plan`);
      if (!shown.some(({ weight }) => weight > 0 && weight < 100))
        return unshown(`${counted}: none between 0 and 100 %`);
      return passed(`${counted}, in the order of the plan: ${shown.map(({ weight }) => weight).join(', ')} %`);
    },
  },
  {
    step,
    item: 'health checks during deployment',
    planned: () => true,
    answer: ({ target }, status) =>
      target.platform === 'argo'
        ? rolledOut(status)
        : (notDone(status, ['ready']) ?? passed(lineOf(status, 'ready')?.because ?? '')),
  },
  {
    step,
    item: 'manual approval works',
    planned: (plan) => approvals(plan).length > 0,
    answer: (plan, status) => {
      const names = approvals(plan);
      const said = names.map((name) => lineOf(status, name)?.because ?? '');
      const nobody = said.some((because) => !/^approved by \S/.test(because));
      return notDone(status, names) ?? (nobody ? unshown('nobody is named who approved') : passed(said.join('; ')));
    },
  },
];

/** What Argo's controller says of the pods that it started. */
function rolledOut(status: ReleaseStatus): Answer {
  const open = notDone(status, ['rollout']);
  if (open) return open;
  const seen = status.rollout?.seen;
  if (seen?.phase !== 'Healthy') return unshown(`Argo's controller says ${seen?.phase ?? 'nothing'}`);
  return passed(`${seen.pods.available} of ${seen.pods.wanted} pods available; Argo's controller says Healthy`);
}

/** A criterion that was never applied decided nothing, unless somebody waived the rest of the ramp. */
function criteriaApplied(plan: Plan, status: ReleaseStatus): Answer {
  const criteria = trafficCriteria(plan);
  const unread = criteria.filter((criterion) => judged(status, criterion) === 0);
  const times = criteria.reduce((sum, criterion) => sum + judged(status, criterion), 0);
  const without = rampWaived(plan, status);
  if (times === 0 && plan.promotion.monitor === null && without) return without;
  const isOnRecord = times > 0 || without !== null;
  if (unread.length > 0 && !(isOnRecord && (without !== null || status.progress.some(isWaived))))
    return unshown(`never judged: ${unread.map(nameOf).join(', ')}`);
  const { monitor } = plan.promotion;
  const open = monitor ? notDone(status, ['monitor']) : null;
  if (open) return open;
  const said = [
    ...(criteria.length > 0
      ? [`${share(criteria.length - unread.length, criteria.length, 'metrics judged')}, ${times} readings`]
      : []),
    ...(unread.length > 0
      ? [`the others ${status.progress.some(isWaived) ? WAIVED : `left out: ${without?.evidence}`}`]
      : []),
    ...(monitor ? [`last look: ${lineOf(status, 'monitor')?.because}`] : []),
  ];
  return passed(said.join('; '));
}

function isWaived(line: Progress | null): boolean {
  return line?.state === 'skipped' && line.because === WAIVED;
}

/**
 * Why no weight was ever set on purpose: somebody did without all of it, or the plan does without for a version that its
 * `rollbackWindow` knows. `null`: the ramp was to be taken.
 */
function rampWaived(plan: Plan, status: ReleaseStatus): Answer | null {
  const [first, ...others] = weightsOf(plan).map(({ name }) => lineOf(status, name));
  if (!first) return null;
  if ([first, ...others].every(isWaived)) return waived(status);
  const areSkipped = [first, ...others].every((line) => line?.state === 'skipped' && line.because === first.because);
  return plan.canary.rollbackWindow && areSkipped ? { verdict: 'waived', evidence: first.because } : null;
}

function weightsOf({ canary }: Plan): { readonly name: string; readonly weight: number }[] {
  return canary.steps.flatMap((planned, index) =>
    planned.kind === 'setWeight' ? [{ name: `step-${index + 1}`, weight: planned.weight }] : [],
  );
}

function approvals({ promotion, cutover }: Plan): string[] {
  return [...(promotion.approval ? ['promotion'] : []), ...(cutover?.approval ? ['cutover-approval'] : [])];
}
