/**
 * Where in a file PostgreSQL found something, as people count it.
 *
 * @param position in characters, from 1, as the server reports it
 * @returns `line:column`, both from 1
 * @example placeOf('SELECT 1;\nSELEC 2;', 11) // '2:1'
 */
export function placeOf(sql: string, position: number): string {
  // The server counts characters; a string's own index counts some of them twice.
  const before = Array.from(sql).slice(0, position - 1);
  const line = before.filter((character) => character === '\n').length + 1;
  const column = before.length - before.lastIndexOf('\n');
  return `${line}:${column}`;
}
