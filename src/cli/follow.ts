import type { ReleaseStatus } from '../../workflows/messages.ts';
import { resultOf, type Shiplock, type Sighting, type WaitResult } from '../client/index.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit.ts';
import { paintLine, span } from './paint.ts';
import { changesBetween } from './release/changes.ts';
import { ICONS } from './release/model.ts';
import { renderRelease } from './release/render.ts';
import { openScreen } from './screen.ts';
import type { Terminal } from './terminal.ts';

export interface FollowOptions {
  readonly firstRunId?: string;
  readonly until: 'released' | 'ended';
  readonly timeoutMs?: number;
  /** `text`: a tree in place, or lines where that cannot be; `lines`: JSON, a line a change; `none`: nothing. */
  readonly show: 'text' | 'lines' | 'none';
}

export interface Followed {
  readonly result: WaitResult;
  readonly exitCode: ExitCode;
}

/** Follows a release on the terminal. An interrupt detaches: it never touches the release. */
export async function follow(
  shiplock: Shiplock,
  terminal: Terminal,
  id: string,
  options: FollowOptions,
): Promise<Followed> {
  const view = viewOf(terminal, options.show);
  const { result, interrupted } = await untilInterrupted((signal) =>
    shiplock.wait(id, { ...options, signal, onSighting: view.show }),
  ).finally(view.close);
  if (interrupted) {
    terminal.err(`detached: the release goes on; \`shiplock get ${id} --watch\` shows it again`);
    return {
      result: { verdict: 'stillWaiting', because: 'the wait was interrupted', last: null },
      exitCode: EXIT.interrupted,
    };
  }
  return { result, exitCode: exitCodeOf(result.verdict) };
}

/** Runs until it is done, or Ctrl-C or SIGTERM asks to leave. */
export async function untilInterrupted<T>(
  task: (signal: AbortSignal) => Promise<T>,
): Promise<{ interrupted: false; result: T } | { interrupted: true; result?: undefined }> {
  const leave = new AbortController();
  const onSignal = (): void => leave.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    const left = new Promise<null>((resolve) => leave.signal.addEventListener('abort', () => resolve(null)));
    const running = task(leave.signal).then((result) => ({ result }));
    // A question still under way must not hold up a person who wants to leave.
    running.catch(() => undefined);
    const done = await Promise.race([running, left]);
    return done ? { interrupted: false, result: done.result } : { interrupted: true };
  } finally {
    process.removeListener('SIGINT', onSignal).removeListener('SIGTERM', onSignal);
  }
}

interface View {
  show(sighting: Sighting): void;
  close(): void;
}

function viewOf(terminal: Terminal, show: FollowOptions['show']): View {
  if (show === 'none') return { show: () => undefined, close: () => undefined };
  if (show === 'lines') return { show: (sighting) => terminal.out(jsonOf(sighting)), close: () => undefined };
  return terminal.live ? treeView(terminal) : lineView(terminal);
}

/** One sighting as one line of JSON. */
export function jsonOf(sighting: Sighting): string {
  return JSON.stringify({ ok: true, ...sighting });
}

function lineView(terminal: Terminal): View {
  let before: ReleaseStatus | null = null;
  let said = '';
  return {
    show({ status, because }) {
      if (status) {
        for (const line of changesBetween(before, status, new Date())) terminal.out(paint(terminal, line));
        before = status;
      } else if (because !== said) {
        terminal.out(paint(terminal, [span(`${ICONS.warning} ${because}`, 'warning')]));
      }
      said = status ? '' : because;
    },
    close: () => undefined,
  };
}

/** Log lines are never cut: what they say may be needed later. */
function paint({ color }: Terminal, line: Parameters<typeof paintLine>[0]): string {
  return paintLine(line, { color, width: Number.POSITIVE_INFINITY });
}

/** Ages and deadlines move on between two sightings. */
const REDRAW_MS = 1_000;

function treeView(terminal: Terminal): View {
  const screen = openScreen(terminal, (text) => void process.stdout.write(text));
  let status: ReleaseStatus | null = null;
  let last: Sighting | null = null;
  const draw = (): void => {
    if (!last) return;
    const { color, width } = terminal;
    // One row below, for the cursor; two for a worker that is silent.
    const rows = terminal.rows - (last.status ? 1 : 3);
    const options = { color, width, rows, now: new Date() };
    const tree = status ? renderRelease(status, options) : last.execution.id;
    const silent = last.status
      ? ''
      : `\n\n${paintLine([span(`${ICONS.warning} ${last.because}`, 'warning')], options)}`;
    screen.draw(`${tree}${silent}`);
  };
  const timer = setInterval(draw, REDRAW_MS);
  return {
    show(sighting) {
      last = sighting;
      status = sighting.status ?? status;
      if (resultOf(sighting, 'ended')) clearInterval(timer);
      draw();
    },
    close() {
      clearInterval(timer);
      screen.close();
    },
  };
}
