import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ShiplockError } from '../errors.ts';
import { grouped, type Imported, type MadeFile, type Note } from '../import/index.ts';
import { formatProblem } from '../plan/index.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { clean } from './paint.ts';
import type { Terminal } from './terminal.ts';

export interface ImportOptions {
  readonly output: 'text' | 'json';
  /** Where the release file goes; absent: everything to standard output. */
  readonly file?: string | undefined;
  /** Written even where fields are refused. */
  readonly force?: boolean | undefined;
}

/** Writes or prints what was imported, and says what became of each field. */
export function showImport(imported: Imported, { output, file, force }: ImportOptions, terminal: Terminal): ExitCode {
  const { release, files, refused, errors } = imported;
  const usable = release !== null && (refused.length === 0 || force === true);
  const made = usable && file !== undefined ? placed(release, files, file) : [];
  for (const { at } of made) refuseExisting(at);
  for (const { at, text } of made) {
    mkdirSync(path.dirname(at), { recursive: true });
    writeFileSync(at, text, { flag: 'wx' });
  }
  if (output === 'json') terminal.out(json(imported, usable, made));
  else showText(imported, usable, made, file === undefined, terminal);
  return errors.length > 0 || !usable ? EXIT.error : EXIT.released;
}

interface Placed {
  readonly at: string;
  readonly text: string;
}

const placed = (release: MadeFile, files: readonly MadeFile[], file: string): Placed[] => [
  { at: file, text: release.text },
  ...files.map(({ name, text }) => ({ at: path.join(path.dirname(file), name), text })),
];

function refuseExisting(at: string): void {
  if (!existsSync(at)) return;
  throw new ShiplockError({
    code: 'SHIPLOCK_IMPORT_EXISTS',
    message: `${at} is there already; nothing was written`,
    mend: 'name another file with --file, or move that one away',
  });
}

function json({ release, files, notes, refused, errors, warnings }: Imported, ok: boolean, made: readonly Placed[]) {
  const written = made.map(({ at }) => at);
  return JSON.stringify({ ok, release, files, written, notes, refused, errors, warnings }, null, 2);
}

function showText(
  imported: Imported,
  usable: boolean,
  made: readonly Placed[],
  printed: boolean,
  terminal: Terminal,
): void {
  const { release, files, notes, refused, errors, warnings } = imported;
  // The summary must not stand in what is piped into a file.
  const say = printed ? terminal.err : terminal.out;
  if (usable && release !== null && printed) terminal.out(stream(release, files));
  // Whole: nothing of what has to be done is cut off at the terminal's width.
  const line = (text: string) => say(clean(text));
  const section = (title: string, kind: Note['kind']) => {
    const found = grouped(notes).filter((note) => note.kind === kind);
    if (found.length === 0) return;
    line(`${title} (${found.length})`);
    for (const { field, text } of found) line(`  ${field}: ${text}`);
  };
  for (const problem of errors) terminal.err(`${clean(formatProblem(problem))} (${problem.code})`);
  for (const problem of warnings) terminal.err(`${clean(formatProblem(problem))} (warning)`);
  if (errors.length === 0) {
    section('kept', 'kept');
    section('needs nothing here', 'unneeded');
    section('different on purpose', 'differs');
    section('before the first release', 'todo');
  }
  if (refused.length > 0) line(`not supported (${refused.length})`);
  for (const problem of refused) terminal.err(`${clean(formatProblem(problem))} (${problem.code})`);
  for (const { at } of made) line(`wrote ${at}`);
  if (refused.length > 0 && errors.length === 0 && !usable) {
    terminal.err('nothing was written; mend what is not supported, or write the rest with --force');
  }
}

/** One stream of documents; each file but the first is named above its own. */
const stream = (release: MadeFile, files: readonly MadeFile[]): string =>
  [release.text, ...files.map(({ name, text }) => `# ---- ${name}\n${text}`)].join('---\n').trimEnd();
