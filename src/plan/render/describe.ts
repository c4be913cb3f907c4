import { planDigest } from '../digest.ts';
import { formatDuration } from '../duration.ts';
import type { CanaryPlan, CutoverPlan, Plan } from '../plan.ts';
import type { Row } from './row.ts';
import { cutoverRows, planRows } from './rows.ts';
import { canaryRows } from './steps.ts';
import { targetText } from './target.ts';
import { cutoverMs, earliestDurationMs, rampMs, timeline } from './timeline.ts';

export interface DescribeOptions {
  /** ANSI colours; callers pass false for `NO_COLOR`, CI without colour, or no terminal. */
  readonly color?: boolean;
  /** Columns of the terminal, 60 or more. Default: 120. */
  readonly width?: number;
}

/** The compiled plan as a table with the earliest time of each step, for a terminal. Ends with a newline. */
export function describePlan(plan: Plan, options: DescribeOptions = {}): string {
  const { target } = plan;
  const paint = painter(options);
  const head = [
    `${paint('bold', `${plan.service} ${plan.version}`)} → ${plan.environment}`,
    targetText(target),
    `plan ${planDigest(plan).slice(0, 12)}`,
  ];
  const end = `earliest ${formatDuration(earliestDurationMs(plan))}: ${partsOf(plan)}, after gates and readiness`;
  const foot = wrap(end, options.width ?? WIDTH).map((text) => paint('bold', text));
  return `${head.join(paint('dim', ' · '))}\n${table(planRows(plan), options)}${foot.join('\n')}\n`;
}

/** `15m of canary, 30s of cutover and 10m of window`: the canary, the window, and what else takes time. */
function partsOf(plan: Plan): string {
  const { window, ...before } = timeline(plan);
  const parts = Object.entries(before)
    .filter(([phase, ms]) => ms > 0 || phase === 'canary')
    .map(([phase, ms]) => `${formatDuration(ms)} of ${phase}`);
  return `${parts.join(', ')} and ${formatDuration(window)} of window`;
}

/** What a Rollout does that was checked without a release file; `cutover` is that of a blue-green one. */
export function describeRollout(
  rollout: { readonly name: string; readonly canary: CanaryPlan; readonly cutover: CutoverPlan | null },
  options: DescribeOptions = {},
): string {
  const { name, canary, cutover } = rollout;
  const paint = painter(options);
  const ramp = rampMs(canary);
  const rows = [...canaryRows(canary), ...(cutover ? cutoverRows(cutover, ramp) : [])];
  const end = `earliest ${formatDuration(ramp + (cutover ? cutoverMs(cutover) : 0))}, after readiness`;
  return `${paint('bold', `Rollout ${name}`)}\n${table(rows, options)}${paint('bold', end)}\n`;
}

const WIDTH = 120;
const HEADINGS = ['EARLIEST', 'PHASE', 'WHAT', 'DEADLINE'] as const;

function table(rows: readonly Row[], options: DescribeOptions): string {
  const paint = painter(options);
  const cells = rows.map((row, index) => [
    row.earliestMs === null ? '' : `+${formatDuration(row.earliestMs)}`,
    row.phase === rows[index - 1]?.phase ? '' : row.phase,
    row.what,
    row.deadline,
  ]);
  const widthOf = (column: number) =>
    Math.max(HEADINGS[column]?.length ?? 0, ...cells.map((line) => line[column]?.length ?? 0));
  const [first, second] = [widthOf(0), widthOf(1)];
  const room = Math.max(48, (options.width ?? WIDTH) - first - second - 8);
  const last = Math.min(widthOf(3), Math.max(Math.floor(room / 3), room - widthOf(2)));
  const middle = Math.min(room - last, widthOf(2));
  const line = (row: readonly string[]) =>
    [row[0]?.padStart(first), row[1]?.padEnd(second), row[2]?.padEnd(middle), row[3]].join('  ').trimEnd();
  const lines = cells.flatMap(([at = '', phase = '', what = '', deadline = '']) => {
    const left = wrap(what, middle);
    const right = wrap(deadline, last);
    const rest = Array.from({ length: Math.max(left.length, right.length) - 1 }, (_, index) => index + 1);
    return [
      line([at, phase, left[0] ?? '', right[0] ?? '']),
      ...rest.map((index) => line(['', '', left[index] ?? '', right[index] ?? ''])),
    ];
  });
  return [paint('dim', `  ${line(HEADINGS)}`), ...lines.map((text) => `  ${text}`)].join('\n').concat('\n');
}

/** Breaks at spaces; continued lines are indented by two columns. Words longer than a line are left whole. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of text.split(' ')) {
    const room = lines.length === 0 ? width : width - 2;
    if (current !== '' && current.length + 1 + word.length > room) {
      lines.push(current);
      current = word;
    } else current = current === '' ? word : `${current} ${word}`;
  }
  return [...lines, current].map((text, index) => (index === 0 ? text : `  ${text}`));
}

const CODES = { bold: '1', dim: '2' } as const;

function painter(options: DescribeOptions): (style: keyof typeof CODES, text: string) => string {
  return (style, text) => (options.color === true ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text);
}
