import type { ReleaseStatus } from '../../../workflows/messages.ts';
import { paintLine, type Span, span, widthOf } from '../paint.ts';
import { footerOf } from './footer.ts';
import { headerOf } from './header.ts';
import { type Node, treeOf } from './model.ts';

export interface RenderOptions {
  readonly color: boolean;
  /** Columns; longer lines are cut. */
  readonly width: number;
  readonly now: Date;
}

/**
 * A release as a tree for a terminal, in the manner of `kubectl argo rollouts get rollout`. Pure: the same status and
 * options always give the same text, without a line break at its end.
 */
export function renderRelease(status: ReleaseStatus, { color, width, now }: RenderOptions): string {
  const rows = treeOf(status, now).flatMap((node, index, all) => rowsOf(node, '', index === all.length - 1));
  const column = Math.min(Math.max(...rows.map(({ head }) => widthOf(head)), 0), Math.floor(width / 2));
  const lines = [...headerOf(status, now), [], ...rows.map((row) => lineOf(row, column)), ...footerOf(status, now)];
  return lines.map((line) => paintLine(line, { color, width })).join('\n');
}

interface Row {
  readonly head: Span[];
  readonly node: Node;
}

function rowsOf(node: Node, indent: string, last: boolean): Row[] {
  const head = [
    span(`${indent}${last ? '└─ ' : '├─ '}`, 'quiet'),
    span(`${node.icon} `, node.tone),
    span(node.title, node.tone === 'quiet' ? 'quiet' : 'plain'),
  ];
  const below = `${indent}${last ? '   ' : '│  '}`;
  const children = node.children.flatMap((child, index) => rowsOf(child, below, index === node.children.length - 1));
  return [{ head, node }, ...children];
}

const TIME_COLUMN = 8;

function lineOf({ head, node }: Row, column: number): Span[] {
  const gap = span(' '.repeat(Math.max(column - widthOf(head), 0) + 2));
  return [...head, gap, span(node.time.padEnd(TIME_COLUMN), 'quiet'), span(node.note, noteTone(node))];
}

function noteTone({ tone }: Node): Span['tone'] {
  return tone === 'bad' || tone === 'warning' ? tone : 'quiet';
}
