import { ShiplockError } from '../errors.ts';
import type { Terminal } from './terminal.ts';

/** A mistake in how the command was called: exit code 2. */
export function usageError(message: string, mend: string): ShiplockError {
  return new ShiplockError({ code: 'SHIPLOCK_USAGE', message, mend });
}

/** An error as JSON has it. */
export interface FailureReport {
  readonly ok: false;
  readonly error: { readonly code: string; readonly message: string; readonly mend: string | null };
}

export function reportOf(error: unknown): FailureReport {
  if (error instanceof ShiplockError) {
    const { code, message, mend } = error;
    return { ok: false, error: { code, message, mend: mend ?? null } };
  }
  const message = error instanceof Error ? error.message : String(error);
  const mend = 'set SHIPLOCK_DEBUG=1 to see where; if it persists, report it with that output';
  return { ok: false, error: { code: 'SHIPLOCK_UNEXPECTED', message: message.split('\n', 1)[0] ?? '', mend } };
}

/** One line that says what, one that says how to mend it; no stack trace unless asked for. */
export function showFailure(terminal: Terminal, error: unknown, json: boolean): void {
  const report = reportOf(error);
  const { code, message, mend } = report.error;
  if (json) terminal.out(JSON.stringify(report));
  terminal.err(`error: ${message} (${code})`);
  if (mend) terminal.err(`  mend: ${mend}`);
  if (terminal.env.SHIPLOCK_DEBUG && error instanceof Error) terminal.err(error.stack ?? '');
}
