import { ApplicationFailure } from '@temporalio/common';
import { sentence } from '../../failure.ts';

/** What `shiplock doctor` says of one thing in a cluster; plain data, so it is JSON as it is. */
export interface Look {
  readonly name: string;
  readonly ok: boolean;
  /** False: a release does without it. */
  readonly needed: boolean;
  readonly because: string;
  /** The command or change that mends it; null where nothing is wrong. */
  readonly mend: string | null;
}

export const there = (name: string, because: string): Look => ({ name, ok: true, needed: true, because, mend: null });

export const wrong = (name: string, because: string, mend: string): Look => ({
  name,
  ok: false,
  needed: true,
  because,
  mend,
});

/** What a release would do without. */
export const lacking = (name: string, because: string, mend: string): Look => ({
  ...wrong(name, because, mend),
  needed: false,
});

/** Looks, and where that fails says why instead: a failure's last part is what mends it. */
export async function lookAt(name: string, look: () => Promise<Look | readonly Look[]>): Promise<readonly Look[]> {
  try {
    return [await look()].flat();
  } catch (error) {
    const words = sentence(error);
    const at = error instanceof ApplicationFailure ? words.lastIndexOf('; ') : -1;
    const mend = at < 0 ? 'mend what it says, and look again' : words.slice(at + 2);
    return [wrong(name, at < 0 ? words : words.slice(0, at), mend)];
  }
}
