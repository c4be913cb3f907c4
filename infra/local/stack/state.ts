import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { ShiplockError } from '../../../src/errors.ts';
import type { StackPaths } from '../home.ts';
import type { FlagDefinitions, PutRevision } from '../protocol.ts';
import { readJson, replaceFileDurably } from './files.ts';

/** What must outlive every process: what is wanted, and what was promised. Not what happens to run. */
export interface StackState {
  format: 1;
  desired: 'up' | 'down';
  ports: Record<PortName, number | null>;
  services: Record<string, ServiceRecord>;
  /** The file that the flag service reads is written from this. */
  flags: FlagDefinitions;
  /** Counts effects. The last one is kept here too, so that a crash before the journal's line loses none. */
  effects: number;
  lastEffect: string | null;
}

export type PortName = 'temporal' | 'ui' | 'envoyAdmin' | 'prometheus' | 'flags';

export interface ServiceRecord {
  /** Where Envoy listens for it. */
  port: number;
  /** Where it listens for the side without traffic; `null` until it is chosen (a state of an older engine has none). */
  preview: number | null;
  /** The highest number seen. */
  fence: number;
  /** Releases that took a number, latest last. */
  holders: { holder: string; fence: number }[];
  stable: string | null;
  canary: string | null;
  weights: Record<string, number>;
  revisions: Record<string, RevisionRecord>;
}

export interface RevisionSpec extends Omit<PutRevision, 'fence' | 'key'> {
  /** It runs this version, for comparisons, under a name of its own. */
  readonly baseline?: { readonly of: string; readonly service: string };
}

export interface RevisionRecord {
  spec: RevisionSpec;
  /** It is on its way out, also after a restart. */
  removing: boolean;
}

/** One change of the world, for the journal. */
export interface Effect {
  readonly key: string;
  readonly effect:
    | 'fence'
    | 'startRevision'
    | 'changeRevision'
    | 'removeRevision'
    | 'setWeights'
    | 'setRoles'
    | 'setFlag'
    | 'importFlags';
  /** `null`: it concerns no single one. */
  readonly service: string | null;
  readonly [detail: string]: unknown;
}

export interface StateStore {
  /** The state as last stored. Never changed in place. */
  read(): StackState;
  /**
   * Changes a copy of the state and makes it durable before it counts; one after the other. A change that throws,
   * or changes nothing, leaves everything as it was. The effect is journalled if something really changed.
   *
   * @returns whether anything changed.
   * @throws ShiplockError `SHIPLOCK_LOCAL_DISK` when it cannot be stored.
   */
  commit(change: (draft: StackState) => Effect | null): Promise<boolean>;
}

export function readState(paths: StackPaths): StackState {
  const fresh: StackState = {
    format: 1,
    desired: 'down',
    ports: { temporal: null, ui: null, envoyAdmin: null, prometheus: null, flags: null },
    services: {},
    flags: { flags: {} },
    effects: 0,
    lastEffect: null,
  };
  return migrated((readJson(paths.state) as StackState | null) ?? fresh);
}

/** What older engines did not store yet. */
function migrated(state: StackState): StackState {
  const services = Object.entries(state.services).map(([service, record]) => [
    service,
    { ...record, preview: record.preview ?? null },
  ]);
  const ports = { ...state.ports, flags: state.ports.flags ?? null };
  return { ...state, ports, services: Object.fromEntries(services), flags: state.flags ?? { flags: {} } };
}

/** Only the holder of the supervisor's lock may open the store. */
export function openStore(paths: StackPaths, note: (line: string) => void = () => undefined): StateStore {
  let state = readState(paths);
  let turn: Promise<unknown> = Promise.resolve();
  completeJournal(paths, state);

  /** Lines that found no room are written with the next one: what happened is not undone for want of a line. */
  const owed: string[] = [];
  const journalise = () => {
    owed.push(`${state.lastEffect}\n`);
    try {
      appendFileSync(paths.journal, owed.join(''), { mode: 0o600 });
      owed.length = 0;
    } catch (error) {
      note(`cannot write ${paths.journal}: ${(error as Error).message}; ${owed.length} lines wait`);
    }
  };

  const commitNow = async (change: (draft: StackState) => Effect | null): Promise<boolean> => {
    const draft = structuredClone(state);
    const effect = change(draft);
    if (isDeepStrictEqual(draft, state)) return false;
    if (effect) {
      draft.effects++;
      draft.lastEffect = JSON.stringify({ at: new Date().toISOString(), seq: draft.effects, ...effect });
    }
    await store(paths, draft);
    state = draft;
    if (effect) journalise();
    return true;
  };

  return {
    read: () => state,
    commit: (change) => {
      const mine = turn.then(() => commitNow(change));
      turn = mine.catch(() => undefined);
      return mine;
    },
  };
}

async function store(paths: StackPaths, state: StackState): Promise<void> {
  try {
    await replaceFileDurably(paths.state, JSON.stringify(state));
  } catch (cause) {
    throw new ShiplockError({
      code: 'SHIPLOCK_LOCAL_DISK',
      message: `cannot store ${paths.state}: ${(cause as Error).message}`,
      mend: `make room there: df -h ${paths.home}`,
      cause,
    });
  }
}

/** A crash between the state and the journal's line is mended from the state. */
function completeJournal(paths: StackPaths, state: StackState): void {
  if (!state.lastEffect) return;
  const lines = existsSync(paths.journal) ? readFileSync(paths.journal, 'utf8').trimEnd().split('\n') : [];
  if (lines.at(-1) !== state.lastEffect) appendFileSync(paths.journal, `${state.lastEffect}\n`, { mode: 0o600 });
}
