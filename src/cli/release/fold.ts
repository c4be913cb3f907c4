import { ICONS, type Node } from './model.ts';

/**
 * The tree in at most so many rows where that can be: first what is still to come is folded, then what is over, from
 * the top. What happens now, what failed and what is being undone stays open.
 */
export function foldedTo(tree: readonly Node[], rows: number): readonly Node[] {
  let nodes = tree;
  for (const icons of [[ICONS.waiting], [ICONS.done, ICONS.skipped]] as readonly (readonly string[])[]) {
    for (const [place, node] of tree.entries()) {
      if (sizeOf(nodes) <= rows) return nodes;
      if (icons.includes(node.icon) && node.children.length > 0) nodes = nodes.with(place, folded(node));
    }
  }
  return nodes;
}

function folded(node: Node): Node {
  const count = node.children.length;
  return { ...node, note: count === 1 ? (node.children[0]?.title ?? '') : `${count} steps`, children: [] };
}

function sizeOf(nodes: readonly Node[]): number {
  return nodes.reduce((sum, { children }) => sum + 1 + sizeOf(children), 0);
}
