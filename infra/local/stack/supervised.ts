import { setTimeout as delay } from 'node:timers/promises';
import { adopt, boundLog, type Launch, lastWords, launch, type Running, stop } from './launch.ts';
import type { ProcessIdentity } from './processes.ts';

/** What a supervised process is doing, as far as anybody can tell. */
export interface View {
  readonly pid: number | null;
  readonly port: number | null;
  readonly state: 'starting' | 'ready' | 'unready' | 'crashed' | 'stopping';
  readonly restarts: number;
  /** Why it is not ready; empty when it is. */
  readonly because: string;
}

/** What runs now, written down so that a later supervisor adopts it. */
export interface ProcessRecord extends ProcessIdentity {
  readonly port: number | null;
  readonly ready: boolean;
  readonly restarts: number;
}

export interface SupervisedOptions {
  /** Takes its output; kept small. */
  readonly log: string;
  /** What an earlier supervisor left running. */
  readonly adoptable: ProcessRecord | null;
  /** Asked before each start: ports may have been taken meanwhile. */
  readonly prepare: () => Promise<Launch>;
  /** Empty when it can serve, else why not. Must end by itself. */
  readonly probe: (port: number | null) => Promise<string>;
  /** Called after each change of the view. */
  readonly onChange: (view: View, record: ProcessRecord | null) => void;
  /** Called after each end, whatever led to it: its own children may still be there. */
  readonly onEnd: () => void;
}

export interface Supervised {
  view(): View;
  /** If it waits to be started again, it need not wait any longer. */
  nudge(): void;
  /** SIGTERM to its group, SIGKILL after the grace; no restart. */
  stop(graceMs: number): Promise<void>;
}

const PROBE_UNTIL_READY_MS = 100;
const PROBE_WHEN_READY_MS = 500;
/** Failed probes in a row before something that was ready no longer counts as ready, as Kubernetes' default. */
const PROBE_FAILURES = 3;
const BACKOFF_FIRST_MS = 200;
const BACKOFF_LAST_MS = 10_000;
/** Running this long forgives earlier crashes. */
const STABLE_AFTER_MS = 30_000;
/** A start that was overtaken by a stop has nothing to finish. */
const STOPPED_AT_BIRTH_MS = 1_000;
const LOG_BYTES = 4 * 1024 * 1024;

/** Keeps one process running: starts or adopts it, probes it, starts it again with growing pauses when it ends. */
export function supervise(options: SupervisedOptions): Supervised {
  const stopping = new AbortController();
  let waiting = new AbortController();
  let running: Running | null = null;
  let view: View = {
    pid: options.adoptable?.pid ?? null,
    port: options.adoptable?.port ?? null,
    state: options.adoptable?.ready ? 'ready' : 'starting',
    restarts: options.adoptable?.restarts ?? 0,
    because: options.adoptable?.ready ? '' : 'starting',
  };

  const show = (change: Partial<View>) => {
    const next = { ...view, ...change };
    if (JSON.stringify(next) === JSON.stringify(view)) return;
    view = next;
    publish();
  };
  const publish = () => {
    const ready = view.state === 'ready';
    const record = running && { ...running.identity, port: view.port, ready, restarts: view.restarts };
    options.onChange(view, record);
  };

  const obtain = async (adoptable: ProcessRecord | null): Promise<Running> => {
    if (adoptable) return adopt(adoptable);
    const what = await options.prepare();
    const started = await launch(what, options.log);
    show({ pid: started.identity.pid, port: what.port, state: 'starting', because: 'not asked yet' });
    return started;
  };

  const once = async (adoptable: ProcessRecord | null): Promise<string> => {
    const probing = new AbortController();
    try {
      running = await obtain(adoptable);
      publish();
      if (stopping.signal.aborted) await stop(running, STOPPED_AT_BIRTH_MS);
      void probeUntil(AbortSignal.any([probing.signal, stopping.signal]));
      return await running.ended;
    } catch (error) {
      return (error as Error).message;
    } finally {
      probing.abort();
      running = null;
      options.onEnd();
    }
  };

  const probeUntil = async (end: AbortSignal) => {
    let failures = 0;
    while (!end.aborted) {
      const because = await options.probe(view.port).catch((error: Error) => error.message);
      if (end.aborted) return;
      failures = because === '' ? 0 : failures + 1;
      if (because === '') show({ state: 'ready', because: '' });
      else if (view.state === 'starting') show({ because });
      else if (failures >= PROBE_FAILURES) show({ state: 'unready', because });
      boundLog(options.log, LOG_BYTES);
      await pause(view.state === 'ready' ? PROBE_WHEN_READY_MS : PROBE_UNTIL_READY_MS, end);
    }
  };

  const live = async () => {
    let adoptable = options.adoptable;
    let backoffMs = BACKOFF_FIRST_MS;
    while (!stopping.signal.aborted) {
      const since = Date.now();
      const reason = await once(adoptable);
      adoptable = null;
      if (stopping.signal.aborted) break;
      if (Date.now() - since > STABLE_AFTER_MS) backoffMs = BACKOFF_FIRST_MS;
      const because = [reason, lastWords(options.log)].filter(Boolean).join(': ');
      show({ pid: null, state: 'crashed', restarts: view.restarts + 1, because });
      waiting = new AbortController();
      await pause(backoffMs, AbortSignal.any([stopping.signal, waiting.signal]));
      backoffMs = Math.min(backoffMs * 2, BACKOFF_LAST_MS);
    }
    show({ pid: null, state: 'stopping', because: 'stopped' });
  };
  const lived = live();

  return {
    view: () => view,
    nudge: () => waiting.abort(),
    stop: async (graceMs) => {
      stopping.abort();
      show({ state: 'stopping', because: 'being stopped' });
      if (running) await stop(running, graceMs);
      await lived;
    },
  };
}

async function pause(ms: number, end: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal: end }).catch(() => undefined);
}
