import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
} from 'yaml';
import type { Path, Place } from '../problem.ts';

/** Position of the value (or key) at a path of a document; of the nearest existing ancestor where it does not exist. */
export function locate(document: Document, lines: LineCounter, path: Path, of: 'key' | 'value'): Place {
  let node: unknown = document.contents;
  let key: unknown = null;
  let complete = true;
  for (const part of path) {
    const inside = isAlias(node) ? node.resolve(document) : node;
    const next = child(inside, part);
    if (next === null) {
      complete = false;
      break;
    }
    key = next.key;
    node = next.value;
  }
  const wantsKey = of === 'key' || !complete || node === null || (isCollection(node) && node.flow !== true);
  return (
    placeOf(wantsKey && isNode(key) ? key : node, lines) ??
    placeOf(key, lines) ??
    placeOf(document.contents, lines) ??
    START
  );
}

export const START: Place = { line: 1, column: 1 };

function child(node: unknown, part: string | number): { key: unknown; value: unknown } | null {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
    return pair === undefined ? null : { key: pair.key, value: pair.value };
  }
  if (isSeq(node) && typeof part === 'number' && part < node.items.length) {
    return { key: null, value: node.items[part] };
  }
  return null;
}

function placeOf(node: unknown, lines: LineCounter): Place | null {
  const start = isNode(node) ? (node as Node).range?.[0] : undefined;
  return start === undefined ? null : placeAt(start, lines);
}

export function placeAt(offset: number, lines: LineCounter): Place {
  const { line, col } = lines.linePos(offset);
  return line === 0 ? START : { line, column: col };
}
