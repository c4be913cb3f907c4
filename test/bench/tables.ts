/** Tables in Markdown, which benches print aligned and write into documents. */

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** A table in Markdown for the terminal. */
export function aligned(table: string): string {
  const rows = table.split('\n').map((row) => row.slice(2, -2).split(' | '));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .filter((_, i) => i !== 1)
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A text in which each table stands between `<!-- BENCH NAME -->` and `<!-- /BENCH -->`. */
export function withTables(text: string, bench: string, tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables).reduce((so, [name, made]) => {
    const [start, end] = [`<!-- ${bench} ${name} -->\n`, `\n<!-- /${bench} -->`];
    const from = so.indexOf(start) + start.length;
    const to = so.indexOf(end, from);
    if (from < start.length || to < 0) throw new Error(`no place for the table ${name}`);
    return so.slice(0, from) + made + so.slice(to);
  }, text);
}
