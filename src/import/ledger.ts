import { formatPath, type Path, type Problem, type Report } from '../plan/problem.ts';
import type { Source } from '../plan/yaml/read.ts';

/** What became of one field. `todo`: a person has to look at it before the first release. */
export interface Note {
  readonly kind: 'kept' | 'differs' | 'unneeded' | 'todo';
  /** As it is written there, for example `spec.analysis.interval`. */
  readonly field: string;
  readonly text: string;
}

/** Where an importer writes down what it made of each field. */
export interface Ledger {
  readonly source: Source;
  readonly report: Report;
  kept(path: Path, text: string): void;
  /** Where Shiplock does something else on purpose. */
  differs(path: Path, text: string): void;
  unneeded(path: Path, text: string): void;
  todo(path: Path, text: string): void;
  /** A field that cannot be honoured; nothing is written unless that is asked for. */
  refuse(path: Path, because: string): void;
  notes(): readonly Note[];
}

/** Notes that say the same of several fields as one: `a, b`. */
export function grouped(notes: readonly Note[]): Note[] {
  const groups = new Map<string, Note>();
  for (const note of notes) {
    const key = `${note.kind} ${note.text}`;
    const first = groups.get(key);
    groups.set(key, first === undefined ? note : { ...note, field: `${first.field}, ${note.field}` });
  }
  return [...groups.values()];
}

export const REFUSED = 'SHIPLOCK_PLAN_UNSUPPORTED';

export function createLedger(source: Source, report: Report): Ledger {
  const notes: Note[] = [];
  const note = (kind: Note['kind']) => (path: Path, text: string) => {
    const field = formatPath(path);
    if (notes.some((other) => other.kind === kind && other.field === field && other.text === text)) return;
    notes.push({ kind, field, text });
  };
  return {
    source,
    report,
    kept: note('kept'),
    differs: note('differs'),
    unneeded: note('unneeded'),
    todo: note('todo'),
    refuse: (path, because) => report.error(source, path, REFUSED, because, 'key'),
    notes: () => notes,
  };
}

/** One file that an importer makes. */
export interface MadeFile {
  /** Beside the release file, without a folder. */
  readonly name: string;
  readonly text: string;
}

export interface Imported {
  /** `null`: what was given could not be read. */
  readonly release: MadeFile | null;
  /** What the release file points at. */
  readonly files: readonly MadeFile[];
  readonly notes: readonly Note[];
  /** Fields that are not honoured, each with its place and the reason. */
  readonly refused: readonly Problem[];
  /** What is wrong with the files; there is no release then. */
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Sorts what was reported, so that a caller can decide about refusals alone. */
export function outcome(
  report: Report,
  notes: readonly Note[],
  made: { readonly release: MadeFile; readonly files: readonly MadeFile[] } | null,
): Imported {
  const refused = report.errors().filter(({ code }) => code === REFUSED);
  const errors = report.errors().filter(({ code }) => code !== REFUSED);
  const usable = made !== null && errors.length === 0;
  return {
    release: usable ? made.release : null,
    files: usable ? made.files : [],
    notes,
    refused,
    errors,
    warnings: report.warnings(),
  };
}
