/** Shares (0..1) over a logarithmic x axis, as an SVG that reads on white and on dark pages. */
export interface Plot {
  readonly title: string;
  readonly x: string;
  readonly lines: readonly {
    readonly name: string;
    readonly points: readonly (readonly [x: number, share: number])[];
  }[];
  /** The share that is promised, drawn as a dashed line. */
  readonly limit: number;
}

const [WIDTH, HEIGHT, LEFT, TOP, INNER_WIDTH, INNER_HEIGHT] = [640, 320, 56, 40, 400, 220];
const COLOURS = ['#0a7d4f', '#c2410c', '#6d28d9', '#0369a1'];

export function plotOf({ title, x, lines, limit }: Plot): string {
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b);
  const [first = 1, last = 1] = [xs[0], xs.at(-1)];
  const across = (at: number): number => LEFT + (INNER_WIDTH * Math.log(at / first)) / Math.log(last / first);
  const down = (share: number): number => TOP + INNER_HEIGHT * (1 - share);
  const marks = xs.map((at) => text(across(at), TOP + INNER_HEIGHT + 18, String(at), 'middle'));
  const shares = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<line x1="${LEFT}" x2="${LEFT + INNER_WIDTH}" y1="${down(share)}" y2="${down(share)}" stroke="#ddd"/>` +
      text(LEFT - 8, down(share) + 4, `${100 * share} %`, 'end'),
  );
  const drawn = lines.map(({ name, points }, i) => {
    const colour = COLOURS[i % COLOURS.length];
    const path = points.map(([at, share]) => `${across(at).toFixed(1)},${down(share).toFixed(1)}`).join(' ');
    const [, end = 0] = points.at(-1) ?? [];
    const legend = text(
      LEFT + INNER_WIDTH + 12,
      TOP + 16 + 20 * i,
      `${name}: ${(100 * end).toFixed(1)} %`,
      'start',
      colour,
    );
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${legend}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<title>${title}</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${text(LEFT, 22, title, 'start')}
${shares.join('\n')}
${marks.join('\n')}
${text(LEFT + INNER_WIDTH / 2, TOP + INNER_HEIGHT + 40, x, 'middle')}
<line x1="${LEFT}" x2="${LEFT + INNER_WIDTH}" y1="${down(limit)}" y2="${down(limit)}" stroke="#333" stroke-dasharray="4 3"/>
${drawn.join('\n')}
</svg>
`;
}

function text(x: number, y: number, words: string, anchor: string, colour = '#222'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${colour}">${words}</text>`;
}
