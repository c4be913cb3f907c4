/**
 * An error for people: what happened, to which thing, what to do. Its code is stable and listed in
 * `docs/errors.md`; whoever shows it never shows a stack trace.
 */
export class ShiplockError extends Error {
  readonly code: `SHIPLOCK_${string}`;
  /** The command or change that mends it. */
  readonly mend: string | undefined;

  constructor(options: { code: `SHIPLOCK_${string}`; message: string; mend?: string; cause?: unknown }) {
    super(options.message, { cause: options.cause });
    this.name = 'ShiplockError';
    this.code = options.code;
    this.mend = options.mend;
  }
}
