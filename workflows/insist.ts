/** One undo, tried until it holds or a person skips it. */
import { CancellationScope, condition, log, metricMeter, sleep } from '@temporalio/workflow';
import type { Release } from './control.ts';
import type { Progress } from './messages.ts';
import { rootMessage } from './steps.ts';
import { tokenOf } from './token.ts';
import { UNTOLD } from './untold.ts';

/** An undo that takes longer than this is shown as stuck. */
const STUCK_AFTER_MS = 60_000;
/** While it is stuck, people are told again this often. */
const TELL_AGAIN_MS = 5 * 60_000;

/** Tries until the act holds; once it is stuck, also listens for `retry` and `skip`, and tells again and again. */
export async function insist(
  release: Release,
  title: string,
  act: () => Promise<void>,
  yields: () => boolean = never,
): Promise<boolean> {
  const number = release.state.progress.filter((line) => line.name.startsWith('undo-')).length + 1;
  const line: Progress = {
    name: `undo-${number}`,
    title,
    state: 'running',
    because: '',
    startedAt: new Date().toISOString(),
    endedAt: null,
  };
  release.state.progress.push(line);
  release.changed();
  let skipped: string | null = null;
  for (let attempt = 1; line.state === 'running' && skipped === null && !yields(); attempt += 1) {
    skipped = await attemptUndo(release, line, attempt, act, yields);
  }
  if (line.state === 'running') {
    line.state = 'skipped';
    line.because = skipped === null ? 'the whole release goes back, traffic first' : `skipped: ${skipped}`;
  }
  line.endedAt = new Date().toISOString();
  release.changed();
  return line.state === 'done' || skipped !== null;
}

/** One attempt; returns the reason when a person skipped it, else `null` (done, or to be tried again). */
async function attemptUndo(
  release: Release,
  line: Progress,
  attempt: number,
  act: () => Promise<void>,
  yields: () => boolean,
): Promise<string | null> {
  const scope = new CancellationScope();
  const clock = new CancellationScope();
  let problem: string | null = null;
  let over = false;
  const running = scope.run(act).then(
    () => {
      line.state = 'done';
      over = true;
    },
    (error: unknown) => {
      if (!(error instanceof Error)) throw error;
      problem = rootMessage(error);
      over = true;
    },
  );
  await Promise.race([
    running,
    clock.run(() => sleep(STUCK_AFTER_MS, { summary: `${line.title}: stuck` })).catch(nothing),
    ...(yields === never ? [] : [clock.run(() => condition(yields)).catch(nothing)]),
  ]);
  clock.cancel();
  if (line.state === 'done') return null;
  const answer = await askAboutStuck(
    release,
    line,
    attempt,
    () => problem ?? (line.because || UNTOLD),
    () => over,
    yields,
  );
  if (answer === null && !yields()) return null;
  scope.cancel();
  await running;
  return answer?.answer === 'skip' ? answer.reason : null;
}

async function askAboutStuck(
  release: Release,
  line: Progress,
  attempt: number,
  problem: () => string,
  over: () => boolean,
  yields: () => boolean,
): Promise<{ answer: string; reason: string } | null> {
  const { state, answers } = release;
  const token = tokenOf(release, attempt === 1 ? line.name : `${line.name}-${attempt}`);
  const stuck = metricMeter.createGauge('shiplock_release_compensation_stuck');
  const labels = { service: release.plan.service, environment: release.plan.environment };
  const done = () => (line.state as Progress['state']) === 'done';
  try {
    while (!answers.has(token) && !done() && !yields()) {
      line.because = problem();
      state.waiting = {
        kind: 'undo',
        token,
        prompt: `Stuck: ${line.title} (${problem()}). Try again, or skip it?`,
        accepts: ['retry', 'skip'],
        deadline: null,
        consequence: over() ? 'waits for a person' : 'is still being tried',
      };
      stuck.set(1, labels);
      log.warn('compensation stuck', { act: line.title, because: problem() });
      release.changed();
      await condition(() => answers.has(token) || done() || yields(), TELL_AGAIN_MS, {
        summary: `${line.title}: tell again`,
      });
    }
    return answers.get(token) ?? null;
  } finally {
    answers.delete(token);
    state.waiting = null;
    stuck.set(0, labels);
  }
}

function nothing(): void {}

export function never(): boolean {
  return false;
}
