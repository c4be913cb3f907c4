import type { WaitResult } from '../client/index.ts';

/** What the process says at its end. Stable: CI jobs branch on them. */
export const EXIT = {
  /** Done as asked; of a release that was waited for: released. */
  released: 0,
  error: 1,
  usage: 2,
  rolledBack: 3,
  rejected: 4,
  /** `--timeout` was reached; the release goes on. */
  stillWaiting: 5,
  /** Released, and a phase of it was taken back. */
  partlyReleased: 6,
  /** Interrupted (128 + SIGINT); the release goes on. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export function exitCodeOf(verdict: WaitResult['verdict']): ExitCode {
  switch (verdict) {
    case 'released':
      return EXIT.released;
    case 'partlyReleased':
      return EXIT.partlyReleased;
    case 'rolledBack':
      return EXIT.rolledBack;
    case 'rejected':
      return EXIT.rejected;
    case 'stillWaiting':
      return EXIT.stillWaiting;
    case 'broken':
      return EXIT.error;
    default:
      return verdict satisfies never;
  }
}
