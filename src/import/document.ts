/** Plain data as YAML that people read: comments above fields, long texts as blocks. */
import { Document, isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml';
import { type Path, printable } from '../plan/problem.ts';

export interface Comment {
  /** The field, or entry of a list, above which it stands. */
  readonly path: Path;
  readonly text: string;
}

const WIDTH = 116;

/** @param header lines above the document */
export function yamlText(value: unknown, comments: readonly Comment[] = [], header: readonly string[] = []): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  for (const { path, text } of comments) {
    const node = nodeAt(document.contents, path);
    if (node === null) continue;
    const before = node.commentBefore ? `${node.commentBefore}\n` : '';
    node.commentBefore = before + wrapped(text);
  }
  const above = header.map((line) => (line === '' ? '#' : `# ${printable(line)}`)).join('\n');
  return `${above}${above === '' ? '' : '\n'}${document.toString({ lineWidth: 0, indentSeq: true })}`;
}

/** The key of a field, or the entry itself: what a comment stands above. */
function nodeAt(from: unknown, path: Path): Node | null {
  let node: unknown = from;
  let key: Node | null = null;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (pair === undefined) return null;
      key = pair.key as Scalar;
      node = pair.value;
    } else if (isSeq(node) && typeof part === 'number') {
      node = node.items[part];
      key = node as Node;
    } else return null;
  }
  return key;
}

/** Lines of at most so many characters, none of which leaves the comment. */
export function wrapped(text: string, width = WIDTH): string {
  const lines: string[] = [];
  for (const word of printable(text).split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map((line) => ` ${line}`).join('\n');
}
