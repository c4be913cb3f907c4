/** One measured figure, as `npm run bench` prints it. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What is aimed for, in the same unit; `null`: only recorded. */
  readonly aim: number | null;
  /** How it was measured: rounds, spread. */
  readonly how: string;
}

/** The nearest-rank percentile: of 15 values the 99th is the largest. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

export function renderFigures(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, unit, aim, how }) => [
    name,
    `${Math.round(value * 100) / 100} ${unit}`.trim(),
    aim === null ? '' : `≤ ${aim}`,
    aim === null ? '' : value <= aim ? 'met' : 'missed',
    how,
  ]);
  const header = ['figure', 'measured', 'aim', '', 'how'];
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [header, ...rows]
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
