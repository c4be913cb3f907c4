/** Levels of nesting that are shown; the stack of a deeper walk could overflow. */
const DEPTH = 4;
const MAXIMUM_LENGTH = 200;

/**
 * What somebody sent, as JSON for people, shortened to 200 characters. Total: neither depth nor size makes it throw.
 *
 * @example shown({ reason: 'why' }) // '{"reason":"why"}'
 */
export function shown(payload: unknown): string {
  if (payload === undefined) return '';
  const text = json(payload, DEPTH);
  return text.length > MAXIMUM_LENGTH ? `${text.slice(0, MAXIMUM_LENGTH - 1)}…` : text;
}

function json(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, MAXIMUM_LENGTH));
  if (typeof value !== 'object' || value === null) return String(value);
  if (depth === 0) return '…';
  if (Array.isArray(value)) return `[${value.slice(0, MAXIMUM_LENGTH).map((item) => json(item, depth - 1))}]`;
  const fields = Object.entries(value).slice(0, MAXIMUM_LENGTH);
  return `{${fields.map(([name, item]) => `${json(name, 1)}:${json(item, depth - 1)}`)}}`;
}
