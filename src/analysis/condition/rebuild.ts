import type { Node } from './syntax.ts';

/** The same tree with `change` applied to every node, the innermost first. */
export function rebuild(node: Node, change: (node: Node, original: Node) => Node): Node {
  const inner = (child: Node): Node => rebuild(child, change);
  const maybe = (child: Node | null): Node | null => (child === null ? null : inner(child));
  switch (node.kind) {
    case 'literal':
    case 'constant':
    case 'result':
    case 'element':
    case 'variable':
      return change(node, node);
    case 'array':
    case 'sequence':
      return change({ ...node, items: node.items.map(inner) }, node);
    case 'map':
      return change(
        { ...node, pairs: node.pairs.map(({ key, value }) => ({ key: inner(key), value: inner(value) })) },
        node,
      );
    case 'member':
      return change({ ...node, of: inner(node.of), key: inner(node.key) }, node);
    case 'method':
      return change({ ...node, of: inner(node.of), args: node.args.map(inner) }, node);
    case 'chain':
    case 'unary':
    case 'oneOf':
      return change({ ...node, of: inner(node.of) }, node);
    case 'slice':
      return change({ ...node, of: inner(node.of), from: maybe(node.from), to: maybe(node.to) }, node);
    case 'binary':
      return change({ ...node, left: inner(node.left), right: inner(node.right) }, node);
    case 'choice':
      return change({ ...node, when: inner(node.when), yes: inner(node.yes), no: inner(node.no) }, node);
    case 'call':
      return change({ ...node, args: node.args.map(inner) }, node);
    case 'each':
      return change({ ...node, of: inner(node.of), body: maybe(node.body), extra: maybe(node.extra) }, node);
    case 'let':
      return change({ ...node, value: inner(node.value), body: inner(node.body) }, node);
  }
}
