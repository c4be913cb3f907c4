import { condition } from '@temporalio/workflow';
import { type ArgoTarget, whereabouts } from '../../src/plan/target.ts';
import { forward } from '../activities.ts';
import { GoBack, type Release } from '../control.ts';
import { type Course, courseOf, type RolloutQuestion } from '../driven/course.ts';
import { lookAgain, rolloutOf, type Watch, watchRollout } from '../driven/watch.ts';
import { isWaived } from '../state.ts';
import { ask, lineOf, safePoint, skip, step } from '../steps.ts';
import { approve, look } from './promotion.ts';

/**
 * A Rollout of Argo's gets the image, and its own controller rolls it out; where the controller pauses, people are asked.
 * The promotion's decision is the answer to the Rollout's last open pause; where it has none it comes before the image,
 * since from then on nothing would wait for it.
 */
export async function driven(release: Release, target: ArgoTarget): Promise<void> {
  const { state, plan } = release;
  state.phase = 'canary';
  await step(release, 'rollout-look', () => lookFirst(release, target));
  if (lineOf(release, 'rollout-image').state === 'waiting' && !asksAtPause(release)) await decideNow(release);
  await step(release, 'rollout-image', () => setImage(release));
  await step(release, 'rollout', () => follow(release, target));
  if (plan.promotion.monitor) skip(release, 'monitor', 'the controller did not wait for it');
  // Somebody promoted it by other means, or the controller took a short cut: the decision is asked for all the same.
  if (plan.promotion.approval) await decideNow(release);
}

async function lookFirst(release: Release, { repository, rollout }: ArgoTarget): Promise<string> {
  const { state, plan } = release;
  const seen = await forward(`look at rollout ${rollout}`).describeRollout(whereabouts(plan));
  state.rollout = {
    name: rollout,
    image: state.image?.reference ?? `${repository}:${plan.version}`,
    found: seen.image,
    stable: seen.stable?.image ?? seen.image,
    seen,
    since: Date.now(),
    givenAt: 0,
  };
  if (plan.promotion.monitor && !asksAtPause(release)) {
    const because = `the last look at the canary needs a pause, and rollout ${rollout} has none that waits for a person`;
    throw new GoBack({ outcome: 'rejected', because });
  }
  return `${seen.phase}${seen.because && `: ${seen.because}`}; ${seen.stable?.version ?? 'nothing'} is stable`;
}

/** The Rollout itself waits for a person before all traffic, and nothing lets it skip that. */
function asksAtPause(release: Release): boolean {
  const { seen } = rolloutOf(release);
  return seen.openPauses > 0 && !seen.maySkip && seen.stable !== null;
}

/** The last look, and the last decision. */
async function decideNow(release: Release): Promise<void> {
  const { state, plan } = release;
  const { monitor, approval } = plan.promotion;
  const phase = state.phase;
  state.phase = 'promotion';
  if (monitor) await step(release, 'monitor', () => look(monitor, plan.environment));
  if (approval) await step(release, 'promotion', () => approve(release, approval, () => against(release)));
  state.phase = phase;
}

async function setImage(release: Release): Promise<string> {
  const { state, plan } = release;
  const { name, image, found, stable } = rolloutOf(release);
  const request = { ...whereabouts(plan), image, fence: state.fence };
  state.undo.push({ kind: 'restoreRollout', image, found, stable });
  const set = await forward(`image of rollout ${name}`).setRolloutImage({ ...request, from: found });
  if (set.outcome === 'drifted') {
    state.undo.pop();
    throw new GoBack({ outcome: 'rolledBack', because: `somebody else set the image ${set.image} of rollout ${name}` });
  }
  if (found === image) await forward(`retry rollout ${name}`).retryRollout(request);
  rolloutOf(release).givenAt = Date.now();
  await lookAgain(release);
  return found === image ? `${image} was there already` : image;
}

/** Until the controller has given all traffic to the new pods, or has found something against them. */
async function follow(release: Release, target: ArgoTarget): Promise<string> {
  const { plan } = release;
  const terms = { ...target, readyDeadlineMs: plan.canary.readyDeadlineMs };
  const watch = watchRollout(release);
  release.background.set('rollout', { settle: watch.stop });
  try {
    for (;;) {
      watch.check();
      await holdWhilePaused(release, watch);
      await safePoint(release);
      await passOnPromoteFull(release, watch);
      const course = courseOf(rolloutOf(release), terms, Date.now());
      switch (course.kind) {
        case 'done':
          return `${plan.version} has all traffic`;
        case 'goesBack':
          throw new GoBack({ outcome: 'rolledBack', because: course.because });
        case 'asks':
          await answer(release, course, watch, terms);
          break;
        case 'goesOn':
          await untilChanged(release, course, watch);
          break;
        default:
          return course satisfies never;
      }
    }
  } finally {
    release.background.delete('rollout');
    await watch.stop();
  }
}

async function untilChanged(
  release: Release,
  { patienceMs, because }: Course & { kind: 'goesOn' },
  watch: Watch,
): Promise<void> {
  const { mark } = rolloutOf(release).seen;
  const isOver = () => watch.failed() || rolloutOf(release).seen.mark !== mark || isInterrupted(release);
  const inTime = await condition(isOver, patienceMs, { summary: `goes back: ${because}` });
  if (!inTime) throw new GoBack({ outcome: 'rolledBack', because });
}

/** What a person wants of a Rollout that is under way. */
function isInterrupted(release: Release): boolean {
  return release.state.pause !== null || (isWaived(release.state) && !rolloutOf(release).promotedFully);
}

/** The Rollout waits for somebody; whoever ends its pause by other means answers, too. */
async function answer(
  release: Release,
  question: RolloutQuestion,
  watch: Watch,
  terms: Parameters<typeof courseOf>[1],
): Promise<void> {
  const { state, plan } = release;
  const { step: at, since, name, about, isLast } = question;
  const isDecision = about === 'openPause' && isLast;
  if (isDecision && lineOf(release, 'rollout').state === 'running') {
    if (plan.promotion.monitor || plan.promotion.approval) await decideNow(release);
  }
  // Where it was approved before the image, the Rollout's own pause is a question of its own.
  const isAnswered = isDecision && plan.promotion.approval !== null && asksAtPause(release);
  const isTimed = about === 'timedPause';
  const goesOn = isAnswered
    ? true
    : await ask(release, {
        kind: about === 'inconclusive' ? 'inconclusive' : 'pause',
        name,
        prompt: question.prompt,
        accepts: about === 'inconclusive' ? ['approve', 'reject'] : ['promote'],
        deadlineMs: question.deadlineMs,
        consequence: isTimed ? 'goes on by itself' : 'goes back',
        unless: () => watch.failed() || isInterrupted(release) || !isStill(),
      });
  if (goesOn) {
    const request = { ...whereabouts(plan), image: rolloutOf(release).image, step: at, since, fence: state.fence };
    return watch.around(() => forward(`end the pause ${name}`).promoteRollout(request));
  }
  if (isTimed || watch.failed() || isInterrupted(release) || !isStill()) return;
  throw new GoBack({ outcome: 'rolledBack', because: `${name}: nobody answered in time` });

  function isStill(): boolean {
    const course = courseOf(rolloutOf(release), terms, Date.now());
    return course.kind === 'asks' && course.name === name && course.since === since;
  }
}

/** What the controller has against the release while a person decides. */
function against(release: Release): string | null {
  const { seen, image, givenAt } = rolloutOf(release);
  if (givenAt === 0) return null;
  if (seen.image !== image) return `somebody else set the image ${seen.image}`;
  return seen.observed && (seen.aborted || seen.phase === 'Degraded') ? `Argo's controller: ${seen.because}` : null;
}

/** Our own pause stops the controller, too: else it would go on to the end. */
async function holdWhilePaused(release: Release, watch: Watch): Promise<void> {
  const { state, plan } = release;
  const progress = rolloutOf(release);
  if (!state.pause && !progress.held) return;
  const request = { ...whereabouts(plan), image: progress.image, fence: state.fence };
  progress.held = true;
  if (state.pause) await watch.around(() => forward('hold the rollout').holdRollout({ ...request, held: true }));
  await safePoint(release);
  await watch.around(() => forward('let the rollout go on').holdRollout({ ...request, held: false }));
  delete progress.held;
}

async function passOnPromoteFull(release: Release, watch: Watch): Promise<void> {
  const { state, plan } = release;
  const progress = rolloutOf(release);
  if (!isWaived(state) || progress.promotedFully) return;
  await decideNow(release);
  const request = { ...whereabouts(plan), image: progress.image, fence: state.fence };
  await watch.around(() => forward('promote fully').promoteRolloutFully(request));
  progress.promotedFully = true;
}
