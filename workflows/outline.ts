/** The lines of a release's tree. */
import type { FlagStep, Plan, Step } from '../src/plan/plan.ts';
import { routedStepText } from '../src/rollout/routed-step.ts';
import { duration } from './duration.ts';
import type { Progress } from './messages.ts';

type Line = [name: string, title: string];

/** Every line of the release's tree, known from the plan alone. */
export function outline(plan: Plan): Progress[] {
  const lines: Line[] = [
    ['admission', 'admission'],
    ...plan.gates.map((gate): Line => [`gate-${gate.name}`, `gate ${gate.name}`]),
    ...when(plan.image, ({ repository }) => [['image', `image ${repository}:${plan.version}`]]),
    ...plan.configuration.map((edit, index): Line => {
      const what = edit.carries === 'digest' ? 'the digest' : plan.version;
      return [`configuration-${index + 1}`, `write ${what} into ${fileName(edit.file)}`];
    }),
    ...when(plan.database, ({ expand }) => expand.map(({ name }, index) => [`expand-${index + 1}`, name])),
    ...(plan.target.platform === 'argo' ? drivenLines(plan, plan.target.rollout) : rampLines(plan)),
    ...when(plan.flags, ({ ramps }) =>
      ramps.flatMap(({ key, steps }, ramp) =>
        steps.map((step, index): Line => [`flag-${ramp + 1}-${index + 1}`, `${key}: ${stepTitle(step)}`]),
      ),
    ),
    ...when(plan.validation, ({ security, performance }) => [
      ['validation-way-back', 'the old side is warm'],
      ...when(security, () => [['validation-security', 'security']]),
      ...when(performance, () => [['validation-performance', 'performance']]),
      ['validation-checklist', 'checklist'],
    ]),
    ['window', `window ${duration(plan.window.durationMs)}`],
    ['cleanup', 'remove the old side'],
    ...when(plan.database?.contract.length ? plan.database : null, ({ contract }) => [
      ['contract', 'approval of the contract'],
      ...contract.map(({ name }, index): Line => [`contract-${index + 1}`, name]),
    ]),
  ];
  return lines.map(([name, title]) => ({ name, title, state: 'waiting', because: '', startedAt: null, endedAt: null }));
}

function rampLines(plan: Plan): Line[] {
  return [
    ['ready', `${plan.version} ready`],
    ...plan.canary.steps.map((step, index): Line => [`step-${index + 1}`, stepTitle(step)]),
    ...when(plan.canary.baselineService, () => [['baseline', 'remove the baseline']]),
    ...promotionLines(plan),
    ...(plan.cutover ? cutoverLines(plan.cutover) : ([['full', 'all traffic']] as Line[])),
  ];
}

function drivenLines(plan: Plan, rollout: string): Line[] {
  return [
    ['rollout-look', `look at rollout ${rollout}`],
    ['rollout-image', `set the image of rollout ${rollout}`],
    ['rollout', "Argo's controller rolls it out"],
    ...promotionLines(plan),
  ];
}

function promotionLines({ promotion }: Plan): Line[] {
  return [
    ...when(promotion.monitor, () => [['monitor', 'last look at the canary']]),
    ...when(promotion.approval, () => [['promotion', 'approval']]),
  ];
}

function cutoverLines({ preview, before, approval, pauseMs, after }: NonNullable<Plan['cutover']>): Line[] {
  return [
    ...when(preview, ({ path }) => [['cutover-preview', `preview ${path}`]]),
    ...when(before, ({ templates }) => [['cutover-before', `analysis ${templates.join(', ')}`]]),
    ...when(approval, () => [['cutover-approval', 'approval of the switch']]),
    ...(pauseMs === null ? [] : ([['cutover-pause', `pause ${duration(pauseMs)}`]] as Line[])),
    ['cutover-switch', 'all traffic in one switch'],
    ...when(after, ({ templates }) => [['cutover-after', `analysis ${templates.join(', ')}`]]),
  ];
}

function when<T>(part: T | null | undefined, lines: (part: T) => Line[]): Line[] {
  return part ? lines(part) : [];
}

function stepTitle(step: Step | FlagStep): string {
  switch (step.kind) {
    case 'setPercent':
      return `${step.percent} % of users`;
    case 'setWeight':
      return `set weight ${step.weight} %`;
    case 'pause':
      return step.durationMs === null ? 'pause until promoted' : `pause ${duration(step.durationMs)}`;
    case 'analysis':
      return `analysis ${step.analysis.templates.join(', ')}`;
    case 'setCanaryScale':
    case 'setHeaderRoute':
    case 'setMirrorRoute':
      return routedStepText(step);
    default:
      return step satisfies never;
  }
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
