import { paintLine, span, widthOf } from './paint.ts';

/** Rows below a head, columns as wide as their widest cell, lines cut at the terminal's width. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  options: { readonly color: boolean; readonly width: number },
): string {
  const widths = head.map((title, column) =>
    Math.max(...[head, ...rows].map((row) => cellWidth(row[column])), title.length),
  );
  const line = (row: readonly string[], quiet: boolean): string => {
    const cells = row
      .map((cell) => span(cell, quiet ? 'quiet' : 'plain'))
      .map((cell, column) => ({
        ...cell,
        text: cell.text + ' '.repeat(Math.max((widths[column] ?? 0) - widthOf([cell]), 0) + 2),
      }));
    return paintLine(cells, options).trimEnd();
  };
  return [line(head, true), ...rows.map((row) => line(row, false))].join('\n');
}

function cellWidth(cell = ''): number {
  return widthOf([span(cell)]);
}
