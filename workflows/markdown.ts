/** Markdown as the UI shows it: foreign text without markup of its own, tables with room between their columns. Pure. */

/** The UI's tables have no padding. */
const GAP = '\u00a0\u00a0\u00a0';
/** Characters by which a cell may be shorter than the longest and still be as wide. */
const SLACK = 4;
/** A longer cell breaks: what is kept on one line pushes the columns after it out of the panel. */
const ONE_LINE = 36;
const MAXIMUM_LENGTH = 400;
/** The sentence of one comparison fits; Kayenta's judge says one for each metric. */
const LONGEST_PROSE = 800;

/** Foreign text: no markup, no new cell, no link. */
export function text(value: string): string {
  return escaped(cut(value, MAXIMUM_LENGTH));
}

function escaped(value: string): string {
  return value
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_<>[\]|#~&]/g, (mark) => `\\${mark}`)
    .replace(/:(?=\/\/)|(?<=www)\./gi, (mark) => `\\${mark}`);
}

/** Foreign sentences; JSON in them stays as it is, since the UI would make its quotes round and somebody may paste it. */
export function prose(value: string): string {
  const parts = cut(value, LONGEST_PROSE).split(/(\{"[^{}]*"\})/);
  return parts.map((part, index) => (index % 2 === 1 ? code(part) : escaped(part))).join('');
}

/** What is left out shows that it is. */
function cut(value: string, most: number): string {
  return value.length > most ? `${value.slice(0, most - 1)}…` : value;
}

/** Something to copy, or as it was sent; empty for nothing. */
export function code(value: string): string {
  const plain = cut(value, MAXIMUM_LENGTH).replace(/[\s`]+/g, ' ');
  return plain.trim() === '' ? '' : `\`${plain}\``;
}

/**
 * Short cells of all columns but the last stay on one line, since the panel is narrow. Only the longest cells of a column are
 * padded: the UI sends the page to its renderer as part of an address, where each of these spaces takes six bytes.
 */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widest = header.map((_, column) => {
    const lengths = [header, ...rows].map((cells) => cells[column]?.length ?? 0);
    return Math.max(...lengths.filter((length) => length <= ONE_LINE));
  });
  const row = (cells: readonly string[]): string => {
    const padded = cells.map((cell, column) => {
      const wide = column < cells.length - 1 && cell.length + SLACK >= (widest[column] ?? 0);
      return wide && cell.length <= ONE_LINE ? `${cell.replaceAll(' ', '\u00a0')}${GAP}` : cell;
    });
    return `| ${padded.map(inCell).join(' | ')} |`;
  };
  return [row(header), `|${header.map(() => ':---|').join('')}`, ...rows.map(row)].join('\n');
}

function inCell(cell: string): string {
  return cell.replace(/(?<!\\)\|/g, '\\|');
}

/** `2026-11-23 15:04:05 UTC`. */
export function utc(at: string): string {
  return `${at.slice(0, 19).replace('T', ' ')} UTC`;
}

/** `15:04:05`, in UTC. */
export function time(at: string): string {
  return at.slice(11, 19);
}
