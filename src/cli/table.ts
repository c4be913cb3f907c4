import { paintLine, span, type Tone, widthOf } from './paint.ts';

/** Rows below a head, columns as wide as their widest cell, lines cut at the terminal's width. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  options: { readonly color: boolean; readonly width: number },
): string {
  const widths = head.map((title, column) =>
    Math.max(...[head, ...rows].map((row) => cellWidth(row[column])), title.length),
  );
  const line = (row: readonly string[], tone: Tone): string => {
    const cells = row.flatMap((cell, column) => {
      const text = span(cell, tone);
      const last = column === row.length - 1;
      return last ? [text] : [text, span(' '.repeat((widths[column] ?? 0) - widthOf([text]) + 2))];
    });
    return paintLine(cells, options);
  };
  return [line(head, 'quiet'), ...rows.map((row) => line(row, 'plain'))].join('\n');
}

function cellWidth(cell = ''): number {
  return widthOf([span(cell)]);
}
