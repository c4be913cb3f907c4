import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  type Node,
  visit as visitNodes,
  type YAMLMap,
} from 'yaml';
import { MAX_ALIASES, MAX_DEPTH, MAX_TOKENS, MAX_VALUES } from '../limits.ts';
import type { PlanCode } from '../problem.ts';

export interface Excess {
  /** Character offset in the file. */
  readonly offset: number;
  readonly code: PlanCode;
  readonly message: string;
}

/**
 * Looks at the tokens alone: size and nesting that would make the parser slow, before it parses.
 * Only flow collections and `- - -` on one line can nest deeply in few bytes.
 */
export function excessOfTokens(text: string): Excess | null {
  let offset = 0;
  let flow = 0;
  let inLine = 0;
  let scalar = false;
  let tokens = 0;
  for (const token of new Lexer().lex(text)) {
    if (scalar) scalar = false;
    else if (token === '\x1f') scalar = true;
    else if (token === '[' || token === '{') flow += 1;
    else if (token === ']' || token === '}') flow -= 1;
    else if (token === '-' || token === '?') inLine += 1;
    else if (token.startsWith('\n') || token.startsWith('\r\n')) inLine = 0;
    tokens += 1;
    if (tokens > MAX_TOKENS)
      return { offset, code: 'SHIPLOCK_PLAN_FILE_SIZE', message: 'holds more than a plan needs' };
    if (flow > MAX_DEPTH || inLine > MAX_DEPTH) return tooDeep(offset);
    if (!CONTROL.has(token)) offset += token.length;
  }
  return null;
}

/** The lexer's own marks, which stand for no characters of the text. */
const CONTROL = new Set(['\x02', '\x18', '\x1f']);

const tooDeep = (offset: number): Excess => ({
  offset,
  code: 'SHIPLOCK_PLAN_YAML_DEPTH',
  message: `nests deeper than ${MAX_DEPTH} levels`,
});

/** Walks a parsed document with its aliases expanded, within limits; nothing is expanded in memory. */
export function excessOfTree(document: Document): Excess | null {
  let values = 0;
  let aliases = 0;
  const open = new Set<unknown>();
  const targets = aliasTargets(document);
  let alias: Alias | null = null;

  const visit = (node: unknown, depth: number): Excess | null => {
    values += 1;
    const offset = (alias ?? (node as Node | null))?.range?.[0] ?? 0;
    if (values > MAX_VALUES) {
      const message = `has more than ${MAX_VALUES.toLocaleString('en')} values${alias === null ? '' : ' once its aliases are expanded'}`;
      return { offset, code: alias === null ? 'SHIPLOCK_PLAN_FILE_SIZE' : 'SHIPLOCK_PLAN_YAML_ALIASES', message };
    }
    if (depth > MAX_DEPTH) return tooDeep(offset);
    if (isAlias(node)) return follow(node, depth);
    if (isMap(node)) {
      const wrong = wrongKey(node, offset);
      if (wrong !== null) return wrong;
    }
    if (!isMap(node) && !isSeq(node)) return null;
    open.add(node);
    for (const item of node.items) {
      const excess = visit(isPair(item) ? item.value : item, depth + 1);
      if (excess !== null) return excess;
    }
    open.delete(node);
    return null;
  };

  const follow = (node: Alias, depth: number): Excess | null => {
    const offset = node.range?.[0] ?? 0;
    if (alias === null) aliases += 1;
    if (aliases > MAX_ALIASES) {
      return { offset, code: 'SHIPLOCK_PLAN_YAML_ALIASES', message: `uses more than ${MAX_ALIASES} aliases` };
    }
    const target = targets.get(node);
    if (target === undefined) {
      return {
        offset,
        code: 'SHIPLOCK_PLAN_YAML_SYNTAX',
        message: `*${node.source} has no anchor &${node.source} before it`,
      };
    }
    if (open.has(target)) {
      return { offset, code: 'SHIPLOCK_PLAN_CYCLE', message: `*${node.source} refers to a value that contains it` };
    }
    const outer = alias;
    alias ??= node;
    const excess = visit(target, depth);
    alias = outer;
    return excess;
  };

  return visit(document.contents, 0);
}

/** What each alias stands for: the last anchor of its name before it (YAML 1.2, 7.1). */
function aliasTargets(document: Document): Map<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visitNodes(document, {
    Alias(_, node) {
      const target = anchors.get(node.source);
      if (target !== undefined) targets.set(node, target);
    },
    Value(_, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

/** Keys are text and stand once. (The parser's own check of this takes quadratic time.) */
function wrongKey(map: YAMLMap, parent: number): Excess | null {
  const seen = new Set<string>();
  for (const { key } of map.items) {
    const offset = (key as Node | null)?.range?.[0] ?? parent;
    const fault = (message: string): Excess => ({ offset, code: 'SHIPLOCK_PLAN_YAML_SYNTAX', message });
    if (!isScalar(key)) return fault('a key must be text; a value that starts with {{ must stand in quotes');
    const name = String(key.value);
    if (seen.has(name)) return fault(`the key ${name.slice(0, 60)} stands twice in one map`);
    seen.add(name);
  }
  return null;
}
