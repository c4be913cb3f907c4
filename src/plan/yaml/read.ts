import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import { MAX_DOCUMENTS, MAX_FILE_BYTES } from '../limits.ts';
import type { Located, Report } from '../problem.ts';
import { excessOfTokens, excessOfTree } from './examine.ts';
import { locate, placeAt, START } from './locate.ts';

/** One YAML document as plain data, able to say where each part of it stands. */
export interface Source extends Located {
  readonly value: unknown;
}

/** The documents of a file; empty ones are left out. What is wrong with it as YAML is reported. */
export function readDocuments(path: string, shownAs: string, report: Report): Source[] {
  const text = readText(path, shownAs, report);
  return text === null ? [] : parseDocuments(text, shownAs, report);
}

/** A file as a whole, for problems that have no place in it. */
export function wholeFile(file: string): Located {
  return { file, place: () => START };
}

export function parseDocuments(text: string, file: string, report: Report): Source[] {
  const lines = new LineCounter();
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  lines.lineStarts.unshift(0);
  const at = (offset: number): Located => ({ file, place: () => placeAt(offset, lines) });

  const nested = excessOfTokens(text);
  if (nested !== null) {
    report.error(at(nested.offset), [], nested.code, nested.message);
    return [];
  }
  const documents = parseAllDocuments(text, {
    merge: true,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  if (!Array.isArray(documents)) return [];
  if (documents.length > MAX_DOCUMENTS) {
    report.error(wholeFile(file), [], 'SHIPLOCK_PLAN_FILE_SIZE', `has more than ${MAX_DOCUMENTS} documents`);
    return [];
  }
  const sources: Source[] = [];
  for (const document of documents) {
    if (document.contents === null && document.errors.length === 0) continue;
    const source = toSource(document, file, lines, at, report);
    if (source !== null) sources.push(source);
  }
  return sources;
}

function toSource(
  document: Document.Parsed,
  file: string,
  lines: LineCounter,
  at: (offset: number) => Located,
  report: Report,
): Source | null {
  const wrong = [...document.errors, ...document.warnings];
  for (const { pos, message } of wrong.slice(0, 20)) report.error(at(pos[0]), [], 'SHIPLOCK_PLAN_YAML_SYNTAX', message);
  if (wrong.length > 0) return null;
  const excess = excessOfTree(document);
  if (excess !== null) {
    report.error(at(excess.offset), [], excess.code, excess.message);
    return null;
  }
  const place: Located['place'] = (path, of = 'value') => locate(document, lines, path, of);
  try {
    return { file, value: document.toJS({ maxAliasCount: -1 }), place };
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error);
    report.error(at(document.range[0]), [], 'SHIPLOCK_PLAN_YAML_SYNTAX', because);
    return null;
  }
}

/** Reads at most one byte more than is allowed, so a huge file costs nothing. */
function readText(path: string, shownAs: string, report: Report): string | null {
  const buffer = Buffer.alloc(MAX_FILE_BYTES + 1);
  let length = 0;
  try {
    if (!statSync(path).isFile()) {
      report.error(wholeFile(shownAs), [], 'SHIPLOCK_PLAN_FILE', 'is not a file; expected a YAML file');
      return null;
    }
    const file = openSync(path, 'r');
    try {
      for (let read = -1; read !== 0 && length < buffer.length; length += read) {
        read = readSync(file, buffer, length, buffer.length - length, null);
      }
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    const because = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    report.error(wholeFile(shownAs), [], 'SHIPLOCK_PLAN_FILE', `${because}; expected a YAML file`);
    return null;
  }
  if (length > MAX_FILE_BYTES) {
    report.error(wholeFile(shownAs), [], 'SHIPLOCK_PLAN_FILE_SIZE', 'is larger than 1 MiB');
    return null;
  }
  return buffer.toString('utf8', 0, length);
}
