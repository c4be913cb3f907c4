import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileOf, problemOf, revisionOf, revisionOfText } from '../flags/definitions.ts';
import type { SourceStatus } from '../flags/source.ts';
import type {
  FlagDefinition,
  FlagDefinitions,
  FlagEdits,
  FlagStatus,
  FlagWritten,
  PutFlag,
  PutFlags,
} from '../protocol.ts';
import { replaceFile } from './files.ts';
import { choosePort, LOOPBACK } from './ports.ts';
import { Refused, uphold } from './refuse.ts';
import { ruleFence } from './rules.ts';
import type { StackState, StateStore } from './state.ts';

/**
 * What may be asked of the flags. Writes happen one after the other; each is ruled on and stored in one, then shown to
 * the flag service in its file, and answered once the flag service says that it evaluates by it. Refusals are `Refused`.
 */
export interface Flags {
  /** What the flag service reads; written from the stored state. */
  readonly file: string;
  all(): FlagDefinitions;
  /** @throws Refused `SHIPLOCK_LOCAL_FLAG_UNKNOWN` */
  one(flag: string): FlagStatus;
  put(service: string, flag: string, request: PutFlag): Promise<FlagWritten>;
  putAll(request: PutFlags): Promise<FlagDefinitions>;
  /**
   * Before anything starts: the file is as stored, and the port is one that the service can have. From then on it stays,
   * since revisions know it from their start.
   *
   * @param running ports of what an earlier supervisor left running.
   */
  settle(running: ReadonlySet<number>): Promise<void>;
}

const CONFIRM_MS = 2_000;
const ANSWER_MS = 500;
const ASK_AGAIN_FIRST_MS = 1;
const ASK_AGAIN_LAST_MS = 50;

export function openFlags({ store, file }: { readonly store: StateStore; readonly file: string }): Flags {
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  };

  const one = (flag: string): FlagStatus => statusIn(store.read(), flag);

  const show = async () => {
    const text = fileOf(store.read().flags);
    replaceFile(file, text);
    const because = await confirm(`http://${LOOPBACK}:${store.read().ports.flags}/revision`, revisionOfText(text));
    if (because !== '') throw new Refused('SHIPLOCK_LOCAL_FLAG_SERVICE', `stored, but not in force yet: ${because}`);
  };

  const put = async (service: string, flag: string, request: PutFlag): Promise<FlagWritten> => {
    const { fence, key, definition, ifRevision } = request;
    // Stored by itself, and first: a refusal for another reason must not make the number forgotten.
    await store.commit((draft) => admit(draft, service, fence));
    const changed = await store.commit((draft) => {
      admit(draft, service, fence);
      const { revision } = statusIn(draft, flag);
      const wanted = revisionOf(definition);
      if (revision === wanted) return null;
      if (ifRevision !== undefined && revision !== ifRevision) {
        throw new Refused('SHIPLOCK_LOCAL_FLAG_CHANGED', `flag ${flag} is at ${revision}, not at ${ifRevision}`);
      }
      draft.flags = valid({ ...draft.flags, flags: { ...draft.flags.flags, [flag]: definition } });
      return { key, effect: 'setFlag', service, flag, from: revision, to: wanted };
    });
    await show();
    return { ...one(flag), changed };
  };

  const putAll = async ({ key, definitions }: PutFlags): Promise<FlagDefinitions> => {
    await store.commit((draft) => {
      draft.flags = valid(merged(draft.flags, definitions));
      return { key, effect: 'importFlags', service: null, flags: Object.keys(definitions.flags) };
    });
    await show();
    return store.read().flags;
  };

  return {
    file,
    all: () => store.read().flags,
    one,
    put: (service, flag, request) => inTurn(() => put(service, flag, request)),
    putAll: (request) => inTurn(() => putAll(request)),
    settle: async (running) => {
      mkdirSync(dirname(file), { recursive: true });
      replaceFile(file, fileOf(store.read().flags));
      const before = store.read().ports.flags;
      if (before !== null && running.has(before)) return;
      const port = await choosePort(before, running);
      await store.commit((draft) => {
        draft.ports.flags = port;
        return null;
      });
    },
  };
}

function statusIn({ flags: { flags } }: StackState, flag: string): FlagStatus {
  const definition = Object.hasOwn(flags, flag) ? flags[flag] : undefined;
  if (!definition) throw new Refused('SHIPLOCK_LOCAL_FLAG_UNKNOWN', `there is no flag ${flag} here`);
  return { flag, definition, revision: revisionOf(definition) };
}

/** As for every other write of a service: a lower number is of the past. */
function admit(draft: StackState, service: string, fence: number): null {
  const record = draft.services[service];
  if (!record) throw new Refused('SHIPLOCK_LOCAL_SERVICE_UNKNOWN', `there is no service ${service} here`);
  uphold(ruleFence(record.fence, fence));
  record.fence = fence;
  return null;
}

function merged(before: FlagDefinitions, { flags, $evaluators, metadata }: FlagEdits): FlagDefinitions {
  const edited = Object.entries({ ...before.flags, ...flags });
  return {
    ...before,
    flags: Object.fromEntries(edited.filter((one): one is [string, FlagDefinition] => one[1] !== null)),
    ...($evaluators && { $evaluators: { ...before.$evaluators, ...$evaluators } }),
    ...(metadata && { metadata: { ...before.metadata, ...metadata } }),
  };
}

function valid(definitions: FlagDefinitions): FlagDefinitions {
  const problem = problemOf(definitions);
  if (problem !== '') throw new Refused('SHIPLOCK_LOCAL_FLAGS_INVALID', `these flags cannot be stored: ${problem}`);
  return definitions;
}

/** `''` once the flag service says that it evaluates this revision of its file, else why it is not known to. */
async function confirm(address: string, revision: string): Promise<string> {
  const deadline = Date.now() + CONFIRM_MS;
  let pauseMs = ASK_AGAIN_FIRST_MS;
  let because: string;
  do {
    const status = await ask(address);
    if (typeof status !== 'string' && status.revision === revision) return '';
    because = typeof status === 'string' ? status : status.problem;
    await delay(pauseMs);
    pauseMs = Math.min(pauseMs * 1.5, ASK_AGAIN_LAST_MS);
  } while (Date.now() < deadline);
  return because || `the flag service did not take up the new definitions within ${CONFIRM_MS / 1000} s`;
}

/** A flag service that cannot be asked is an answer, too. */
async function ask(address: string): Promise<SourceStatus | string> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(ANSWER_MS) });
    return (await response.json()) as SourceStatus;
  } catch (error) {
    const { message, cause } = error as Error;
    return `the flag service does not answer: ${cause instanceof Error ? cause.message || message : message}`;
  }
}
