/**
 * `npm run demo:controls` shows that the demo can fail: the bad version without its faults is released, and the good
 * one goes back for lack of evidence when Prometheus stops answering in mid-canary.
 */
import { releaseId } from '../../workflows/messages.ts';
import { play, say, settleIn } from './play.ts';
import { openStage, type Stage } from './stage.ts';

const stage = await openStage();
let stopped: number | null = null;
try {
  const traffic = await settleIn(stage);
  say('control 1: 1.2.0 without its faults; it is to be released');
  const released = await play(stage, traffic, { version: '1.2.0', expected: 0 });
  say('control 2: 1.3.0 is good, but Prometheus stops in mid-canary; it is to go back for lack of evidence');
  const watching = stopPrometheusAt(stage, 25);
  const back = await play(stage, traffic, { version: '1.3.0', expected: 3 });
  stopped = await watching;
  await traffic.stop();
  console.log(`\n${released.summary}\n\n${back.summary}\n\nboth controls ended as they must`);
} finally {
  thaw(stopped);
  await stage.close();
}
process.exit(0);

/** A frozen process that the supervisor replaced is gone. */
function thaw(pid: number | null): void {
  try {
    if (pid !== null) process.kill(pid, 'SIGCONT');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Freezes the embedded Prometheus once the canary has this weight; its process id. */
async function stopPrometheusAt({ shiplock, stack }: Stage, weight: number): Promise<number> {
  const id = releaseId({ service: 'credlink-api', environment: 'demo' });
  for (;;) {
    const { status } = await shiplock.get(id);
    if (status?.version === '1.3.0' && (status.weights['1.3.0'] ?? 0) >= weight) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const { pid } = stack.servers.prometheus;
  if (pid === null) throw new Error('Prometheus does not run');
  process.kill(pid, 'SIGSTOP');
  return pid;
}
