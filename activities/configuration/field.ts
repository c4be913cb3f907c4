import { isAlias, isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseAllDocuments, Scalar } from 'yaml';
import type { ConfigurationEdit } from '../../src/plan/plan.ts';
import { failure } from '../failure.ts';
import { type Image, isRendered, parseImage } from './image.ts';

/** Larger files are no configuration. */
export const MAX_FILE_BYTES = 1024 * 1024;

/** Where a field's value stands in the file's text. */
export interface Field {
  /** What it holds, as a release compares it: the tag, or the digest. Digits stay as they are written (`1.10`, never `1.1`). */
  readonly value: string;
  /** Rendered by Helm (`{{ .Values.image.tag }}`): the Helm values carry the version, so it is not written. */
  readonly isTemplate: boolean;
  readonly style: 'plain' | 'single' | 'double' | 'empty';
  /** Offsets of the whole scalar, quotes included, in characters. */
  readonly start: number;
  readonly end: number;
  /** For an image: its parts. */
  readonly image: Image | null;
}

type Node = ParsedNode | null | undefined;

/**
 * Finds the field of an edit, without changing anything.
 * @throws SHIPLOCK_CONFIGURATION_YAML (`file:line:column`), SHIPLOCK_CONFIGURATION_FIELD; neither is retried
 */
export function findField(text: string, edit: ConfigurationEdit): Field {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  for (const error of documents.flatMap((document) => document.errors)) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw refused('SHIPLOCK_CONFIGURATION_YAML', `${edit.file}:${line}:${col}: ${error.message}`, 'correct the YAML');
  }
  const roots = documents.map((document) => document.contents as Node);
  const node = edit.kind === 'helm' ? helmField(roots, edit) : containerImage(roots, edit);
  const field = scalarField(node, text, edit);
  if (edit.kind === 'helm') return { ...field, image: null };
  const image = parseImage(field.value);
  const part = edit.carries ?? 'tag';
  return { ...field, value: image[part], isTemplate: isRendered(image, part), image };
}

function helmField(roots: readonly Node[], edit: ConfigurationEdit): Node {
  const holders = roots.map((root) => walk(root, edit.field.split('.'))).filter((node) => node !== undefined);
  if (holders.length > 1) throw missing(edit, `stands in ${holders.length} documents of`);
  return holders[0];
}

function containerImage(roots: readonly Node[], edit: ConfigurationEdit): Node {
  const rollouts = roots.filter(
    (root) =>
      plain(walk(root, ['kind'])) === 'Rollout' &&
      (edit.resource === undefined || plain(walk(root, ['metadata', 'name'])) === edit.resource),
  );
  const called = edit.resource === undefined ? 'Rollout' : `Rollout "${edit.resource}"`;
  if (rollouts.length !== 1) {
    const found = `${rollouts.length} documents are a ${called} in ${edit.file}, one is expected`;
    throw refused('SHIPLOCK_CONFIGURATION_FIELD', found, 'name the Rollout that carries the version');
  }
  const pod = ['spec', 'template', 'spec'];
  const containers = ['containers', 'initContainers'].flatMap((list) => {
    const node = walk(rollouts[0], [...pod, list]);
    return isSeq(node) ? (node.items as Node[]) : [];
  });
  return walk(
    containers.find((container) => plain(walk(container, ['name'])) === edit.field),
    ['image'],
  );
}

function walk(node: Node, keys: readonly string[]): Node {
  const [key, ...rest] = keys;
  if (key === undefined) return node;
  if (isMap(node)) return walk(node.items.find((pair) => plain(pair.key as Node) === key)?.value as Node, rest);
  if (isSeq(node)) return /^\d+$/.test(key) ? walk(node.items[Number(key)] as Node, rest) : undefined;
  return undefined;
}

function plain(node: Node): string | undefined {
  return isScalar(node) ? (node.source ?? String(node.value)) : undefined;
}

function scalarField(node: Node, text: string, edit: ConfigurationEdit): Omit<Field, 'image'> {
  if (node === undefined || node === null) throw missing(edit, 'is not in');
  if (isAlias(node)) throw missing(edit, `is an alias (*${node.source}), which stands elsewhere, in`);
  if (!isScalar(node) || !node.range) throw missing(edit, 'is no single value in');
  if (node.anchor || node.tag) throw missing(edit, 'has an anchor or a tag, so others may depend on it, in');
  const style = styleOf(node);
  if (style === null) throw missing(edit, 'is a block of text in');
  const [start, end] = node.range;
  const value = style === 'empty' ? '' : (node.source ?? text.slice(start, end));
  return { value, isTemplate: value.includes('{{'), style, start, end };
}

function styleOf(node: Scalar): Field['style'] | null {
  if (node.range && node.range[0] === node.range[1]) return 'empty';
  switch (node.type) {
    case Scalar.PLAIN:
      return 'plain';
    case Scalar.QUOTE_SINGLE:
      return 'single';
    case Scalar.QUOTE_DOUBLE:
      return 'double';
    default:
      return null;
  }
}

function missing(edit: ConfigurationEdit, how: string) {
  const what = edit.kind === 'helm' ? `the field ${edit.field}` : `the image of container "${edit.field}"`;
  return refused('SHIPLOCK_CONFIGURATION_FIELD', `${what} ${how} ${edit.file}`, 'name a field with one plain value');
}

function refused(code: `SHIPLOCK_${string}`, message: string, mend: string) {
  return failure({ code, message, mend }, { retry: 'never' });
}
