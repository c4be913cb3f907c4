/** What can be said of SQL as plain text. */
import { statementsOf } from './statements.ts';

/** Only spaces, comments and semicolons: nothing would run. */
export function lacksSql(sql: string): boolean {
  return statementsOf(sql).length === 0;
}

/** The first control character other than tab and line ends, with its place (1-based); `null` where there is none. */
export function unprintable(sql: string): { shown: string; line: number; column: number } | null {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  const index = sql.search(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/);
  if (index === -1) return null;
  const shown = `U+${sql.charCodeAt(index).toString(16).toUpperCase().padStart(4, '0')}`;
  return { shown, ...placeIn(sql, index) };
}

/** Where an index stands, 1-based, as editors count. */
export function placeIn(sql: string, index: number): { line: number; column: number } {
  const lines = sql.slice(0, index).split('\n');
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
