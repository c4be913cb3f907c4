/**
 * A Rollout and its controller, played as the port's contract has them, under a clock that skips. What the real controller
 * does is tested in `test/cluster`.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { AnalysisState, RolloutActivities, RolloutState } from '../../activities/rollout/port.ts';
import type { World } from './world.ts';

export type PlayedStep =
  | { readonly weight: number }
  | { readonly pauseMs: number | null }
  | { readonly analysis: () => 'Running' | 'Successful' | 'Failed' | 'Inconclusive' };

export interface PlayedRollout {
  readonly steps: readonly PlayedStep[];
  image: string;
  stable: string;
  index: number;
  weight: number;
  pausedSince: number | null;
  reason: string;
  aborted: boolean;
  because: string;
  held: boolean;
  observed: boolean;
  /** The controller runs. */
  runs: boolean;
  deleted: boolean;
  maySkip: boolean;
}

const REPOSITORY = 'registry.example/credlink/api';
/** How long a look that saw nothing new waits for the next one. */
const LOOK_MS = 13_000;

export const imageOf = (version: string): string => `${REPOSITORY}:${version}`;
const versionOf = (image: string): string => image.slice(image.lastIndexOf(':') + 1);

export function playedRollout(steps: readonly PlayedStep[], stable = '1.0.0'): PlayedRollout {
  return {
    steps,
    image: imageOf(stable),
    stable: imageOf(stable),
    index: steps.length,
    weight: 0,
    pausedSince: null,
    reason: '',
    aborted: false,
    because: '',
    held: false,
    observed: true,
    runs: true,
    deleted: false,
    maySkip: false,
  };
}

/** What the controller does of itself by this time. */
function advance(rollout: PlayedRollout, now: number): void {
  if (!rollout.runs) return;
  if (!rollout.observed) {
    Object.assign(rollout, { observed: true, index: 0, weight: 0, pausedSince: null, reason: '', aborted: false });
    if (rollout.image === rollout.stable) rollout.index = rollout.steps.length;
  }
  while (rollout.image !== rollout.stable && !rollout.aborted && !rollout.held && takesStep(rollout, now));
}

/** @returns whether it can go on at once */
function takesStep(rollout: PlayedRollout, now: number): boolean {
  const step = rollout.steps[rollout.index];
  if (!step) {
    Object.assign(rollout, { stable: rollout.image, weight: 0 });
    return false;
  }
  if ('weight' in step) rollout.weight = step.weight;
  else if ('pauseMs' in step) {
    // `reason` is kept where somebody ended the pause: that is how the controller knows.
    if (rollout.pausedSince === null && rollout.reason === '') {
      Object.assign(rollout, { pausedSince: now, reason: 'CanaryPauseStep' });
    }
    const isOver = step.pauseMs !== null && rollout.pausedSince !== null && now >= rollout.pausedSince + step.pauseMs;
    if (rollout.pausedSince !== null && !isOver) return false;
  } else {
    const phase = step.analysis();
    if (phase === 'Running') return false;
    if (phase === 'Failed') {
      Object.assign(rollout, { aborted: true, index: 0, weight: 0, because: 'RolloutAborted: metric assessed Failed' });
      return false;
    }
    if (phase === 'Inconclusive' && rollout.reason === '') {
      Object.assign(rollout, { pausedSince: now, reason: 'InconclusiveAnalysisRun' });
    }
    if (phase === 'Inconclusive' && rollout.pausedSince !== null) return false;
  }
  Object.assign(rollout, { index: rollout.index + 1, pausedSince: null, reason: '' });
  return true;
}

function shown(rollout: PlayedRollout): RolloutState {
  const { image, stable, index, steps, observed, aborted, held, pausedSince, reason, weight } = rollout;
  const step = steps[index];
  const promoted = observed && image === stable;
  const pauseMs = step && 'pauseMs' in step ? step.pauseMs : null;
  const version = versionOf(image);
  const told = {
    image,
    version,
    stable: { image: stable, version: versionOf(stable) },
    phase: phaseOf(rollout, promoted),
    because: observed ? rollout.because || reason : 'the controller has not taken up the last change',
    observed,
    promoted,
    aborted: observed && aborted,
    promotingFully: false,
    held,
    step: promoted || !step ? null : { index, title: `step ${index + 1}`, judges: 'analysis' in step },
    steps: steps.length,
    openPauses: steps.slice(promoted ? 0 : index).filter((one) => 'pauseMs' in one && one.pauseMs === null).length,
    pause:
      pausedSince === null
        ? null
        : {
            reason,
            since: new Date(pausedSince).toISOString(),
            durationMs: reason === 'CanaryPauseStep' ? pauseMs : null,
          },
    weights: promoted
      ? { [version]: 100 }
      : { [versionOf(stable)]: 100 - weight, ...(weight && { [version]: weight }) },
    analyses: step && 'analysis' in step ? [analysisOf(step.analysis())] : [],
    pods: { updated: 1, available: 2, wanted: 2 },
    progressDeadlineMs: 600_000,
    maySkip: rollout.maySkip,
  };
  return { ...told, mark: JSON.stringify(told) };
}

function phaseOf({ observed, aborted, held, pausedSince }: PlayedRollout, promoted: boolean): RolloutState['phase'] {
  if (!observed) return 'Progressing';
  if (aborted) return 'Degraded';
  if (pausedSince !== null || held) return 'Paused';
  return promoted ? 'Healthy' : 'Progressing';
}

function analysisOf(phase: string): AnalysisState {
  const count = (wanted: string): number => (phase === wanted ? 1 : 0);
  const metric = {
    name: 'success-rate',
    phase,
    because: '',
    successful: count('Successful'),
    failed: count('Failed'),
    inconclusive: count('Inconclusive'),
    errors: 0,
    values: ['[0.93]'],
  };
  return { name: 'run-1', role: 'step', phase, because: '', metrics: [metric] };
}

/** The port, on the world's Rollout. */
export function playRollout(
  world: World,
  enter: (activity: string) => Promise<void>,
  fenced: (fence: number) => void,
): RolloutActivities {
  const missing = () => ApplicationFailure.nonRetryable('there is no Rollout', 'SHIPLOCK_ARGO_ROLLOUT_MISSING');
  const now = (): number => Context.current().info.currentAttemptScheduledTimestampMs;
  const look = (): PlayedRollout => {
    const { rollout } = world;
    if (!rollout || rollout.deleted) throw missing();
    advance(rollout, now());
    world.stable = versionOf(rollout.stable);
    world.weights = { ...shown(rollout).weights };
    return rollout;
  };
  const written = (line: string) => {
    world.journal.push(line);
    look();
    return { outcome: 'written', because: 'asked for' } as const;
  };
  const unchanged = (because: string) => ({ outcome: 'unchanged', because }) as const;

  return {
    describeRollout: async () => {
      await enter('describeRollout');
      return shown(look());
    },
    setRolloutImage: async ({ image, from, fence }) => {
      await enter('setRolloutImage');
      const rollout = look();
      fenced(fence);
      if (rollout.image === image) return { outcome: 'unchanged', image };
      if (rollout.image !== from) return { outcome: 'drifted', image: rollout.image };
      Object.assign(rollout, { image, observed: false, because: '' });
      world.journal.push(`image ${versionOf(image)}`);
      return { outcome: 'written', image };
    },
    awaitRolloutChange: async ({ mark, deadlineMs, sinceMs }) => {
      await enter('awaitRolloutChange');
      const state = shown(look());
      if (state.mark !== mark || now() - sinceMs >= deadlineMs) return state;
      const ends = state.pause?.durationMs ? Date.parse(state.pause.since) + state.pause.durationMs - now() : LOOK_MS;
      const nextRetryDelay = ends > 0 ? Math.min(ends, LOOK_MS) : LOOK_MS;
      throw ApplicationFailure.create({ message: 'nothing has changed', nextRetryDelay });
    },
    promoteRollout: async ({ step, since, fence }) => {
      await enter('promoteRollout');
      const rollout = look();
      fenced(fence);
      const { pause, step: at } = shown(rollout);
      if (rollout.held && since === null) {
        rollout.held = false;
        return written('unhold');
      }
      if (pause === null || pause.since !== since || (at?.index ?? null) !== step) return unchanged('over');
      rollout.pausedSince = null;
      return written(`promote step ${rollout.index + 1}`);
    },
    promoteRolloutFully: async ({ fence }) => {
      await enter('promoteRolloutFully');
      const rollout = look();
      fenced(fence);
      Object.assign(rollout, { index: rollout.steps.length, pausedSince: null, reason: '' });
      return written('promote fully');
    },
    abortRollout: async ({ fence }) => {
      await enter('abortRollout');
      const rollout = look();
      fenced(fence);
      Object.assign(rollout, { aborted: true, weight: 0, pausedSince: null, because: 'RolloutAborted: by hand' });
      return written('abort');
    },
    retryRollout: async ({ fence }) => {
      await enter('retryRollout');
      const rollout = look();
      fenced(fence);
      if (!rollout.aborted) return unchanged('it is not aborted');
      Object.assign(rollout, { aborted: false, because: '', index: 0 });
      return written('retry');
    },
    holdRollout: async ({ held, fence }) => {
      await enter('holdRollout');
      const rollout = look();
      fenced(fence);
      if (rollout.held === held) return unchanged('it is so');
      rollout.held = held;
      return written(held ? 'hold' : 'let go');
    },
    restoreRollout: async ({ image, stable, fence }) => {
      await enter('restoreRollout');
      const rollout = look();
      fenced(fence);
      if (rollout.image !== image && rollout.image !== stable) {
        throw ApplicationFailure.nonRetryable(`its image is ${rollout.image} now`, 'SHIPLOCK_ARGO_DRIFT');
      }
      if (rollout.image !== stable) {
        if (rollout.stable !== rollout.image) written('abort');
        Object.assign(rollout, { image: stable, observed: false, weight: 0, because: '', held: false });
        world.journal.push(`image ${versionOf(stable)}`);
      }
      look();
      if (rollout.observed && rollout.stable !== stable) rollout.index = rollout.steps.length;
      look();
      const done = rollout.observed && rollout.stable === stable;
      if (!done && now() - Context.current().info.scheduledTimestampMs < LOOK_MS) {
        throw ApplicationFailure.create({ message: 'not yet', nextRetryDelay: LOOK_MS });
      }
      return { done, because: done ? '' : 'the controller does nothing', weights: { ...world.weights } };
    },
  };
}
