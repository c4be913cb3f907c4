/** What can be said of SQL without parsing it. */

/** Only spaces and comments: nothing would run. Comments of PostgreSQL nest; an inner end then counts as SQL. */
export function lacksSql(sql: string): boolean {
  let at = 0;
  while (at < sql.length) {
    const rest = sql.startsWith('--', at)
      ? sql.indexOf('\n', at)
      : sql.startsWith('/*', at)
        ? afterBlock(sql, at)
        : /[\s;]/.test(sql.charAt(at))
          ? at + 1
          : null;
    if (rest === null) return false;
    if (rest === -1) return true;
    at = rest;
  }
  return true;
}

function afterBlock(sql: string, at: number): number {
  const end = sql.indexOf('*/', at + 2);
  return end === -1 ? -1 : end + 2;
}

/** The first control character other than tab and line ends, with its place (1-based); `null` where there is none. */
export function unprintable(sql: string): { shown: string; line: number; column: number } | null {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  const index = sql.search(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/);
  if (index === -1) return null;
  const lines = sql.slice(0, index).split('\n');
  const shown = `U+${sql.charCodeAt(index).toString(16).toUpperCase().padStart(4, '0')}`;
  return { shown, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
