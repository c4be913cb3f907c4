import { styleText } from 'node:util';

export type Tone = 'good' | 'bad' | 'warning' | 'active' | 'quiet' | 'strong' | 'plain';

/** A stretch of text in one tone. Lines are cut while they are spans, so that no escape sequence is cut in two. */
export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

export function span(text: string, tone: Tone = 'plain'): Span {
  return { text: clean(text), tone };
}

/** One line of spans as text, at most `width` columns. */
export function paintLine(line: readonly Span[], { color, width }: { color: boolean; width: number }): string {
  const cut = cutTo(line, width);
  const text = cut.map(({ text, tone }) => (color ? styled(text, tone) : text)).join('');
  return color ? text : text.trimEnd();
}

export function widthOf(line: readonly Span[]): number {
  return line.reduce((sum, { text }) => sum + [...text].length, 0);
}

/** One line of spans as several, none wider than `width`, broken at spaces; those after the first begin with `indent`. */
export function wrapLine(line: readonly Span[], width: number, indent: number): Span[][] {
  const room = Math.max(width - indent, 1);
  const words = line.flatMap(({ text, tone }) => text.split(/(?<= )(?=[^ ])/).map((word) => ({ text: word, tone })));
  const lines: Span[][] = [[]];
  let used = 0;
  for (const word of words) {
    const length = [...word.text.trimEnd()].length;
    if (used > 0 && used + length > (lines.length === 1 ? width : room)) {
      const end = lines.at(-1)?.pop();
      if (end) lines.at(-1)?.push({ ...end, text: end.text.trimEnd() });
      lines.push([{ text: ' '.repeat(indent), tone: 'plain' }]);
      used = 0;
    }
    lines.at(-1)?.push(word);
    used += [...word.text].length;
  }
  return lines;
}

function cutTo(line: readonly Span[], width: number): Span[] {
  if (widthOf(line) <= width) return [...line];
  const kept: Span[] = [];
  let left = Math.max(width - 1, 0);
  for (const { text, tone } of line) {
    const characters = [...text];
    kept.push({ text: characters.slice(0, left).join(''), tone });
    left -= characters.length;
    if (left <= 0) break;
  }
  return [...kept, { text: '…', tone: 'quiet' }];
}

function styled(text: string, tone: Tone): string {
  const format = STYLES[tone];
  // The caller has decided about colour; Node must not decide again.
  return format ? styleText(format, text, { validateStream: false }) : text;
}

const STYLES: Record<Tone, Parameters<typeof styleText>[0] | null> = {
  good: 'green',
  bad: 'red',
  warning: 'yellow',
  active: 'cyan',
  quiet: 'dim',
  strong: 'bold',
  plain: null,
};

/** What others wrote (reasons, prompts, logs) must not steer the reader's terminal: no control or bidi characters. */
export function clean(text: string): string {
  return text.replace(/[\t\r\n]+/g, ' ').replace(/[\p{Cc}\p{Cf}]/gu, '');
}
