/** Makes measurements on both cores: each cell has its own seed, so who makes it does not matter. */
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { ALARMS, type Alarms } from './alarms.ts';
import { type Early, measureEarly } from './early.ts';
import { measureNeeded, type Needed } from './requests.ts';
import { SLOWER, type Slower } from './slower.ts';

interface Task {
  readonly kind: 'alarms' | 'slower' | 'needed' | 'early';
  readonly index: number;
  readonly runs: number;
}

type Made = readonly (Alarms | Slower | Needed | Early)[];

function make({ kind, index, runs }: Task): Made {
  switch (kind) {
    case 'alarms':
      return ALARMS[index]?.(runs) ?? [];
    case 'slower':
      return SLOWER.slice(index, index + 1).map((measure) => measure(runs));
    case 'needed':
      return measureNeeded(runs);
    case 'early':
      return measureEarly(runs);
    default:
      return kind satisfies never;
  }
}

const MOST_WORKERS = 2;

export async function measureAll(
  { runs, detections }: { readonly runs: number; readonly detections: number },
  told: (done: string) => void,
): Promise<{ alarms: Alarms[]; slower: Slower[]; needed: Needed[]; early: Early[] }> {
  const tasks: Task[] = [
    ...ALARMS.map((_, index) => ({ kind: 'alarms', index, runs }) as const),
    ...SLOWER.map((_, index) => ({ kind: 'slower', index, runs: detections }) as const),
    { kind: 'needed', index: 0, runs: detections },
    { kind: 'early', index: 0, runs: detections },
  ];
  const made = new Map<Task, Made>();
  const waiting = [...tasks];
  const worker = async (): Promise<void> => {
    const thread = new Worker(new URL(import.meta.url));
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
      const answer = new Promise<Made>((resolve, reject) => {
        thread.once('message', resolve);
        thread.once('error', reject);
      });
      thread.postMessage(task);
      made.set(task, await answer);
      thread.removeAllListeners('error');
      told(`${task.kind} ${task.index + 1}`);
    }
    await thread.terminate();
  };
  await Promise.all(Array.from({ length: Math.min(MOST_WORKERS, availableParallelism()) }, worker));
  const of = <T>(kind: Task['kind']): T[] =>
    tasks.filter((task) => task.kind === kind).flatMap((task) => (made.get(task) ?? []) as T[]);
  return { alarms: of('alarms'), slower: of('slower'), needed: of('needed'), early: of('early') };
}

if (!isMainThread) parentPort?.on('message', (task: Task) => parentPort?.postMessage(make(task)));
