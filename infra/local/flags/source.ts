import { readFileSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { revisionOfText } from './definitions.ts';
import type { Evaluator } from './evaluate.ts';

/** What the flag service evaluates by, as `GET /revision` tells it. */
export interface SourceStatus {
  /** Of the file's text, see `revisionOfText`; `null`: nothing was read yet. */
  readonly revision: string | null;
  /** Why it is not the file as it is now; then the last good one counts. */
  readonly problem: string;
}

/** The kernel tells of a change at once; where its watches are used up, this finds it. */
const LOOK_MS = 1_000;

/** Keeps an evaluator at what a file holds, whoever replaces it. */
export function followFile(file: string, evaluator: Evaluator): { status(): SourceStatus; close(): void } {
  let seen: string | null = null;
  let status: SourceStatus = { revision: null, problem: `${file} was not read yet` };

  const look = () => {
    try {
      const text = readFileSync(file, 'utf8');
      if (text === seen) return;
      seen = text;
      evaluator.load(text);
      status = { revision: revisionOfText(text), problem: '' };
    } catch (error) {
      const problem = `${file}: ${(error as Error).message}`;
      if (problem !== status.problem) console.error(problem);
      status = { ...status, problem };
    }
  };
  look();
  const looking = setInterval(look, LOOK_MS);
  const watcher = watching(file, look);
  return {
    status: () => status,
    close: () => {
      clearInterval(looking);
      watcher?.close();
    },
  };
}

/** The directory, since a file that is renamed over another is a new one. */
function watching(file: string, look: () => void) {
  try {
    const watcher = watch(dirname(file), (_event, name) => {
      if (name === null || name === basename(file)) look();
    });
    watcher.on('error', (error) => console.error(`cannot watch ${file}: ${error.message}`));
    return watcher;
  } catch (error) {
    console.error(`cannot watch ${file}: ${(error as Error).message}`);
    return null;
  }
}
