/** Lines over a logarithmic x axis, as an SVG that reads on white and on dark pages. */
export interface Plot {
  readonly title: string;
  readonly x: string;
  readonly y: Axis;
  readonly lines: readonly Line[];
  /** Drawn as a dashed line, with what it is. */
  readonly limit?: { readonly at: number; readonly name: string };
}

export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Peers are thinner, and dashed. */
  readonly peer?: boolean;
  /** Lines of one colour belong together; absent: one of its own. */
  readonly colour?: number;
}

export interface Axis {
  readonly scale: 'linear' | 'log';
  readonly ticks: readonly number[];
  readonly show: (value: number) => string;
}

const [WIDTH, LEFT, TOP, INNER_WIDTH, INNER_HEIGHT] = [760, 80, 44, 410, 250];
const HEIGHT = TOP + INNER_HEIGHT + 56;
const COLOURS = ['#0a7d4f', '#0369a1', '#6d28d9', '#be185d', '#c2410c', '#a16207', '#475569', '#111827'];
const LEGEND_LINE = 19;

export function plotOf({ title, x, y, lines, limit }: Plot): string {
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b);
  const [first = 1, last = 1] = [xs[0], xs.at(-1)];
  const across = (at: number): number => LEFT + (INNER_WIDTH * Math.log(at / first)) / Math.log(last / first);
  const [low = 0, high = 1] = [y.ticks[0], y.ticks.at(-1)];
  const part = (value: number): number =>
    y.scale === 'log' ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  const down = (value: number): number => TOP + INNER_HEIGHT * (1 - part(value));
  const marks = (xs.length > 12 ? xs.filter((at) => [1, 2, 5, 10, 20, 50, 100].includes(at)) : xs).map((at) =>
    text([across(at), TOP + INNER_HEIGHT + 18], at.toLocaleString('en'), 'middle'),
  );
  const grid = y.ticks.map(
    (tick) =>
      `<line x1="${LEFT}" x2="${LEFT + INNER_WIDTH}" y1="${down(tick).toFixed(1)}" y2="${down(tick).toFixed(1)}" stroke="#ddd"/>` +
      text([LEFT - 8, down(tick) + 4], y.show(tick), 'end'),
  );
  const named = [...lines, ...(limit ? [{ name: limit.name }] : [])];
  const legend = named.map(({ name, ...line }, i) => {
    const [from, at] = [LEFT + INNER_WIDTH + 14, TOP + 6 + LEGEND_LINE * i];
    const style = 'points' in line ? styleOf(line, i) : LIMIT;
    return `<line x1="${from}" x2="${from + 22}" y1="${at}" y2="${at}" ${style}/>${text([from + 28, at + 4], name, 'start')}`;
  });
  const drawn = lines.map((line, i) => {
    const path = line.points.map(([at, value]) => `${across(at).toFixed(1)},${down(value).toFixed(1)}`).join(' ');
    return `<polyline points="${path}" fill="none" ${styleOf(line, i)}/>`;
  });
  const promised = limit
    ? [`<line x1="${LEFT}" x2="${LEFT + INNER_WIDTH}" y1="${down(limit.at)}" y2="${down(limit.at)}" ${LIMIT}/>`]
    : [];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<title>${escaped(title)}</title>
<rect width="${WIDTH}" height="${HEIGHT}" rx="6" fill="#fff"/>
${[text([LEFT, 24], title, 'start', 14), ...grid, ...marks, text([LEFT + INNER_WIDTH / 2, HEIGHT - 14], x, 'middle'), ...promised, ...drawn, ...legend].join('\n')}
</svg>
`;
}

const LIMIT = 'stroke="#333" stroke-dasharray="4 3"';

function styleOf({ peer, colour }: Pick<Line, 'peer' | 'colour'>, index: number): string {
  const stroke = COLOURS[(colour ?? index) % COLOURS.length];
  return `stroke="${stroke}" stroke-width="${peer ? 1.5 : 2.5}"${peer ? ' stroke-dasharray="7 3"' : ''}`;
}

function text(at: readonly [x: number, y: number], words: string, anchor: string, size?: number): string {
  const [x, y] = at.map((value) => value.toFixed(1));
  return `<text x="${x}" y="${y}" text-anchor="${anchor}"${size ? ` font-size="${size}"` : ''} fill="#222">${escaped(words)}</text>`;
}

const escaped = (words: string): string => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
