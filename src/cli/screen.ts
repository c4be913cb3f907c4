import type { Terminal } from './terminal.ts';

/** A block of text that is drawn again in place. */
export interface Screen {
  draw(text: string): void;
  /** Leaves what stands there, and shows the cursor again. */
  close(): void;
}

const HIDE = '\u001b[?25l';
const SHOW = '\u001b[?25h';

/** Lines must not be wider than the terminal: each counts as one row. Writes raw text, so that no line break is added. */
export function openScreen(terminal: Pick<Terminal, 'rows'>, write: (text: string) => void): Screen {
  let rows = 0;
  let shown = '';
  const restore = (): void => write(SHOW);
  process.once('exit', restore);
  write(HIDE);
  return {
    draw(text) {
      if (text === shown) return;
      shown = text;
      // What is higher than the window cannot be reached again with the cursor: its top scrolls out.
      const lines = text.split('\n').slice(-(terminal.rows - 1));
      const back = rows > 0 ? `\u001b[${rows}A` : '';
      write(`${back}\r\u001b[J${lines.join('\n')}\n`);
      rows = lines.length;
    },
    close() {
      restore();
      process.removeListener('exit', restore);
    },
  };
}
