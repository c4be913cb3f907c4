import { createInterface } from 'node:readline/promises';

/** Where a command writes and asks: the process, or a test. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Escape sequences for colour are welcome. */
  readonly color: boolean;
  /** What stands on the screen may be drawn again in place. */
  readonly live: boolean;
  /** A person sits there and can be asked. */
  readonly interactive: boolean;
  readonly width: number;
  readonly rows: number;
  out(text: string): void;
  err(text: string): void;
  ask(question: string): Promise<string>;
}

type Stream = Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'rows'>;

/** What may be done with a terminal, from its streams and the environment alone. */
export function abilities(
  env: Readonly<Record<string, string | undefined>>,
  streams: { readonly stdin: { isTTY?: boolean }; readonly stdout: Stream },
): Pick<Terminal, 'color' | 'live' | 'interactive'> {
  const screen = streams.stdout.isTTY === true && env.TERM !== 'dumb';
  const ci = Boolean(env.CI) && env.CI !== 'false';
  const live = screen && !ci;
  return { color: wantsColor(env, live), live, interactive: live && streams.stdin.isTTY === true };
}

/** https://no-color.org and https://force-color.org: any non-empty value counts; NO_COLOR wins. */
function wantsColor(env: Readonly<Record<string, string | undefined>>, screen: boolean): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR && env.FORCE_COLOR !== '0') return true;
  return screen;
}

/** The process's own terminal. Width is read anew each time: windows are resized. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  return {
    env,
    ...abilities(env, { stdin, stdout }),
    get width() {
      return stdout.columns || 160;
    },
    get rows() {
      return stdout.rows ?? 50;
    },
    out: (text) => void stdout.write(`${text}\n`),
    err: (text) => void stderr.write(`${text}\n`),
    ask: async (question) => {
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
  };
}
