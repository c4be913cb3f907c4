import type { ReleaseStatus } from '../../../workflows/messages.ts';
import { paintLine, type Span, span, widthOf, wrapLine } from '../paint.ts';
import { foldedTo } from './fold.ts';
import { footerOf } from './footer.ts';
import { FIELD, headerOf } from './header.ts';
import { type Node, treeOf } from './model.ts';

export interface RenderOptions {
  readonly color: boolean;
  /** Columns. Lines of the tree are cut; what stands above and below it is broken. */
  readonly width: number;
  /** Rows of the screen: phases that are over, or still to come, are folded until it fits. Default: no limit. */
  readonly rows?: number;
  readonly now: Date;
}

/**
 * A release as a tree for a terminal, in the manner of `kubectl argo rollouts get rollout`. Pure: the same status and
 * options always give the same text, without a line break at its end.
 */
export function renderRelease(status: ReleaseStatus, options: RenderOptions): string {
  const { color, width, rows: height = Number.POSITIVE_INFINITY, now } = options;
  const header = headerOf(status, now).flatMap((line) => wrapLine(line, width, FIELD));
  const footer = footerOf(status, now).flatMap((line) => wrapLine(line, width, 4));
  const tree = foldedTo(treeOf(status, now), height - header.length - footer.length - 1);
  const rows = tree.flatMap((node, index, all) => rowsOf(node, '', index === all.length - 1));
  const widest = Math.max(...rows.map(({ head }) => widthOf(head)), 0);
  const column = Math.min(widest, Math.max(Math.floor(width / 2), width - BESIDE));
  const lines = [
    ...header,
    [],
    ...rows.map((row) => lineOf(row, row.block ?? column + TIME_COLUMN, column)),
    ...footer,
  ];
  return lines.map((line) => paintLine(line, { color, width })).join('\n');
}

interface Row {
  readonly head: Span[];
  readonly node: Node;
  /** Where the notes of lines begin that take no time, such as metrics: they need the room. */
  readonly block: number | null;
}

function rowsOf(node: Node, indent: string, last: boolean, block: number | null = null): Row[] {
  const head = [
    span(`${indent}${last ? '└─ ' : '├─ '}`, 'quiet'),
    span(`${node.icon} `, node.tone),
    span(node.title, node.tone === 'quiet' ? 'quiet' : 'plain'),
  ];
  const below = `${indent}${last ? '   ' : '│  '}`;
  const titles = node.children.map(({ title }) => [...title].length);
  const timeless = node.children.every(({ time, note }) => time === '' && note !== '');
  const within = timeless ? below.length + MARK + Math.max(...titles, 0) : null;
  const children = node.children.flatMap((child, index) =>
    rowsOf(child, below, index === node.children.length - 1, within),
  );
  return [{ head, node, block }, ...children];
}

/** Columns of a branch and an icon. */
const MARK = 5;

const TIME_COLUMN = 8;
/** What is kept for time and note, where titles are long. */
const BESIDE = 32;

function lineOf({ head, node }: Row, note: number, time: number): Span[] {
  if (node.time === '') return [...head, gap(note - widthOf(head)), span(node.note, noteTone(node))];
  const spent = span(node.time.padEnd(TIME_COLUMN), 'quiet');
  return [...head, gap(time - widthOf(head)), spent, span(node.note, noteTone(node))];
}

function gap(columns: number): Span {
  return span(' '.repeat(Math.max(columns, 0) + 2));
}

function noteTone({ tone }: Node): Span['tone'] {
  return tone === 'bad' || tone === 'warning' ? tone : 'quiet';
}
