/**
 * The range selectors of a PromQL query, each once: what stretch of time a value speaks of.
 *
 * @example windowOf('rate(a{b="[x]"}[2m]) / rate(a[2m])') // '2m'
 */
export function windowOf(query: string): string {
  // Strings and comments may hold brackets; in the rest, brackets are range selectors and nothing else.
  const bare = query.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|#[^\n]*/g, '');
  const ranges = [...bare.matchAll(/\[([^\]]*)\]/g)].map(([, range]) => (range ?? '').replace(/\s+/g, ''));
  return [...new Set(ranges)].join(', ');
}
