/** What an importer has to say, as comments above the release file. */
import type { Problem } from '../plan/problem.ts';
import { wrapped } from './document.ts';
import { grouped, type Note, REFUSED } from './ledger.ts';

/** @param from what was imported, for people */
export function headerOf(from: string, notes: readonly Note[], problems: readonly Problem[]): string[] {
  const refused = problems.filter(({ code }) => code === REFUSED);
  const of = (kind: Note['kind']) => grouped(notes).filter((note) => note.kind === kind);
  return [
    `Imported from ${from}.`,
    ...section(
      'Not imported:',
      refused.map(({ path, message }) => `${path}: ${message}`),
    ),
    ...section(
      'Before the first release:',
      of('todo').map(({ field, text }) => `${field}: ${text}`),
    ),
    ...section(
      'Different on purpose:',
      of('differs').map(({ field, text }) => `${field}: ${text}`),
    ),
    '',
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return [
    '',
    title,
    ...lines.flatMap((line) =>
      wrapped(line, 112)
        .split('\n')
        .map((part, index) => `${index === 0 ? '-' : ' '} ${part.trim()}`),
    ),
  ];
}
