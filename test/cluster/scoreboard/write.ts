import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { counted, linesOf, scoreboard } from './page.ts';
import { readResults } from './results.ts';

/** Writes the page of what the last tests came to. @returns its counts, in one line. */
export function writeScoreboard(): string {
  const results = readResults();
  writeFileSync(join(import.meta.dirname, '../scoreboard.md'), scoreboard(results));
  const { passed, failed, open, 'not applicable': never } = counted(linesOf(results));
  return `scoreboard: ${passed} passed, ${failed} failed, ${open} open, ${never} not applicable`;
}
