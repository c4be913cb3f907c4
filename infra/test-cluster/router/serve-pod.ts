import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inheritedEnvironment } from '../../local/stack/environment.ts';
import { replaceFile } from '../../local/stack/files.ts';
import {
  environmentOf,
  FAILURES,
  labelsText,
  PORT,
  preStopMs,
  readinessPathOf,
  type ServedPod,
  unreadyAfterMs,
} from './pod.ts';
import { end } from './traefik.ts';

const PROBE_MS = 100;
const GRACE_MS = 12_000;
const MAIN = join(import.meta.dirname, '../../sample-service/main.ts');

/** What is told to the cluster of a pod that is served; false where the API server did not take it. */
export interface Tell {
  ready(ready: boolean): Promise<boolean>;
  /** It has ended by itself so often. */
  crashed(times: number): Promise<boolean>;
  gone(): Promise<boolean>;
}

/** One pod whose container is a process. */
export interface Served {
  /** The pod as it is now: its labels may have changed, or it was deleted. */
  update(pod: ServedPod): void;
  /** Ends the process without the manners of a deleted pod. */
  stop(): Promise<void>;
}

/** Does for one pod what a kubelet does: runs the sample service at its address, probes it, starts it again, ends it. */
export function servePod(
  pod: ServedPod,
  { folder, image }: { readonly folder: string; readonly image: Readonly<Record<string, string>> },
  tell: Tell,
): Served {
  const labels = join(folder, `${pod.metadata.name}.labels`);
  const stopping = new AbortController();
  let child: ChildProcess | null = null;
  let deleted = false;

  const start = (): ChildProcess => {
    const output = openSync(join(folder, `${pod.metadata.name}.log`), 'a', 0o600);
    const started = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN], {
      env: { ...inheritedEnvironment(), ...image, ...environmentOf(pod, labels) },
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    started.on('error', () => undefined);
    return started;
  };
  const ended = () => child === null || child.exitCode !== null || child.signalCode !== null;

  const run = async () => {
    let crashes = 0;
    let told = false;
    const patienceMs = unreadyAfterMs(pod);
    let failures = 0;
    let answeredAt = performance.now();
    const show = async (ready: boolean) => {
      if (told !== ready && (await tell.ready(ready))) told = ready;
    };
    child = start();
    while (!stopping.signal.aborted && !deleted) {
      if (ended()) {
        crashes += 1;
        told = false;
        await tell.crashed(crashes);
        if (!stopping.signal.aborted && !deleted) child = start();
      }
      const answers = await probe(pod);
      if (answers) answeredAt = performance.now();
      failures = answers ? 0 : failures + 1;
      const isGivenUp = patienceMs === null ? failures >= FAILURES : performance.now() - answeredAt > patienceMs;
      if (answers || isGivenUp) await show(answers);
      await delay(PROBE_MS);
    }
  };
  const running = run();

  const finish = async () => {
    await running;
    await delay(preStopMs(pod));
    if (child) await end(child, GRACE_MS);
    while (!stopping.signal.aborted && !(await tell.gone())) await delay(PROBE_MS);
  };

  replaceFile(labels, labelsText(pod));
  return {
    update(now) {
      replaceFile(labels, labelsText(now));
      if (now.metadata.deletionTimestamp === undefined || deleted) return;
      deleted = true;
      void finish();
    },
    async stop() {
      stopping.abort();
      await running;
      if (child) await end(child, 0);
    },
  };
}

async function probe(pod: ServedPod): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(1_000);
    const answer = await fetch(`http://${pod.status?.podIP}:${PORT}${readinessPathOf(pod)}`, { signal });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}
