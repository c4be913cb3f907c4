/** Runs the workflow again over a recorded history and writes down everything it does. */
import type { InjectedSinks } from '@temporalio/worker';
import { AUDIT_TASK_QUEUE, type ReleaseStatus } from '../../workflows/messages.ts';
import type { AuditSinks, Seen } from '../../workflows/witness.ts';
import { ShiplockError } from '../errors.ts';
import { type RecomputedFact, recomputedFacts } from './commands.ts';
import type { RecordedHistory } from './history.ts';

export interface Rerun {
  readonly facts: readonly RecomputedFact[];
  /** After the last event; `null` where the workflow never got as far as having one. */
  readonly status: ReleaseStatus | null;
  /** Why it could not be run to the end of the history; `null`: it could. */
  readonly stopped: string | null;
  /** The last event it has seen. */
  readonly lastEvent: number;
}

/** @throws SHIPLOCK_REPLAY_NEEDS_WORKER */
export async function rerun(
  run: { readonly workflowId: string; readonly history: RecordedHistory },
  code: string,
): Promise<Rerun> {
  const { Worker } = await loadWorker();
  const facts: RecomputedFact[] = [];
  let last: Seen | null = null;
  let attributes = 0;
  const seen = (_info: unknown, now: Seen): void => {
    last = now;
    facts.push(...recomputedFacts(now.commands, now.eventId, () => ++attributes));
  };
  const sinks: InjectedSinks<AuditSinks> = { audit: { seen: { fn: seen, callDuringReplay: true } } };
  const options = { replayName: AUDIT_TASK_QUEUE, workflowBundle: { code }, sinks };
  const stopped = await Worker.runReplayHistory(options, run.history, run.workflowId).then(
    () => null,
    (error: unknown) => reasonOf(error),
  );
  const { status = null, eventId = 0 } = (last as Seen | null) ?? {};
  return { facts, status: status === null ? null : JSON.parse(status), stopped, lastEvent: eventId };
}

type WorkerPackage = typeof import('@temporalio/worker');
let loaded: Promise<WorkerPackage> | undefined;

/**
 * Loaded only here: who only starts and steers releases does without it.
 *
 * @throws SHIPLOCK_REPLAY_NEEDS_WORKER where `@temporalio/worker` is not installed
 */
export function loadWorker(): Promise<WorkerPackage> {
  loaded ??= import('@temporalio/worker').then(quiet, (cause: unknown) => {
    throw new ShiplockError({
      code: 'SHIPLOCK_REPLAY_NEEDS_WORKER',
      message: 'replaying needs the package @temporalio/worker, which is not installed here',
      mend: 'npm install @temporalio/worker@1.24.0 @temporalio/workflow@1.24.0',
      cause,
    });
  });
  return loaded;
}

/** What goes wrong in a replay is reported, not logged. */
function quiet(worker: WorkerPackage): WorkerPackage {
  const { DefaultLogger, makeTelemetryFilterString, Runtime } = worker;
  try {
    Runtime.install({
      logger: new DefaultLogger('ERROR', () => {}),
      telemetryOptions: {
        logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }), forward: {} },
      },
    });
  } catch {
    // A process that carries releases itself has its own runtime already.
  }
  return worker;
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const details = /Details: (.*)$/s.exec(message)?.[1] ?? message;
  return details.split('\n', 1)[0] ?? details;
}
