import type { StackPaths } from '../home.ts';
import { readJson, replaceFile } from './files.ts';
import { isAlive, markedProcesses, signalOne } from './processes.ts';
import type { ProcessRecord } from './supervised.ts';

/** What runs now, by id; kept in a file so that whoever comes after a crash can adopt it or end it. */
export interface ProcessTable {
  /** What an earlier supervisor left running under this id. */
  adoptable(id: string): ProcessRecord | null;
  record(id: string, record: ProcessRecord | null): void;
  ports(): ReadonlySet<number>;
  /** Ends whatever is left of a process that has ended: what it started itself. */
  endLeftovers(id: string): void;
  /** Ends what belongs to this stack and is not wanted any more. */
  endUnwanted(wanted: (id: string) => boolean): void;
}

/** Marks of our own two processes, which no table lists. */
export const OWN_PROCESSES: readonly string[] = ['supervisor', 'guard'];

export function readProcesses(paths: StackPaths): Record<string, ProcessRecord> {
  return (readJson(paths.processes) as Record<string, ProcessRecord> | null) ?? {};
}

/**
 * Reads what was left, by the record and by the marks in the processes' environments: a supervisor that died
 * between a start and its record has left a process with a mark alone.
 */
export function openProcessTable(paths: StackPaths, note: (line: string) => void): ProcessTable {
  const records = new Map(Object.entries(readProcesses(paths)).filter(([, record]) => isAlive(record)));
  for (const { id, identity, port, leader } of markedProcesses(paths.home)) {
    if (!leader || OWN_PROCESSES.includes(id)) continue;
    const known = records.get(id);
    if (!known) records.set(id, { ...identity, port, ready: false, restarts: 0 });
    else if (known.pid !== identity.pid) signalOne(identity, 'SIGKILL');
  }
  const adoptable = new Map(records);

  const save = () => {
    try {
      replaceFile(paths.processes, JSON.stringify(Object.fromEntries(records)));
    } catch (error) {
      note(`cannot write ${paths.processes}: ${(error as Error).message}; processes are still found by their marks`);
    }
  };

  return {
    adoptable: (id) => {
      const record = adoptable.get(id) ?? null;
      adoptable.delete(id);
      return record;
    },
    record: (id, record) => {
      if (record) records.set(id, record);
      else records.delete(id);
      save();
    },
    ports: () => new Set([...records.values()].flatMap((record) => record.port ?? [])),
    endLeftovers: (id) => {
      for (const marked of markedProcesses(paths.home)) if (marked.id === id) signalOne(marked.identity, 'SIGKILL');
    },
    endUnwanted: (wanted) => {
      for (const { id, identity } of markedProcesses(paths.home)) {
        if (wanted(id) || OWN_PROCESSES.includes(id)) continue;
        note(`ends ${id} (${identity.pid}): nothing wants it`);
        signalOne(identity, 'SIGKILL');
        records.delete(id);
      }
    },
  };
}
