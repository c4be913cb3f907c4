import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const share = z.number().min(0).max(1);

const Faults = z.strictObject({
  /** Share of business requests that answer 500, 0..1. */
  errorShare: share.default(0),
  /** The same of those alone that the flag `new-credentials` is on for: a good build with a bad flag, 0..1. */
  flagErrorShare: share.default(0),
  /** Added to a share of business requests before they are handled. */
  latency: z
    .strictObject({ milliseconds: z.number().min(0).max(60_000), share: share.default(1) })
    .nullable()
    .default(null),
  /** `/ready` answers 503 for ever. */
  neverReady: z.boolean().default(false),
  /** The process exits with code 1: before it listens, or in place of the answer to its nth business request. */
  crash: z
    .union([z.literal('atStart'), z.strictObject({ afterRequests: z.number().int().min(1) })])
    .nullable()
    .default(null),
  /** Memory that each business request keeps, up to a bound. */
  leak: z
    .strictObject({ megabytes: z.number().min(0).max(64), atMost: z.number().min(0).max(1024).default(256) })
    .nullable()
    .default(null),
});

/**
 * What is wrong with a build. All absent: nothing.
 *
 * @example { "errorShare": 0.2, "latency": { "milliseconds": 900, "share": 0.5 } }
 */
export type Faults = z.infer<typeof Faults>;
export type FaultsInput = z.input<typeof Faults>;

export const NO_FAULTS: Faults = Faults.parse({});

/** @throws Error that names each wrong field */
export function parseFaults(value: unknown): Faults {
  const parsed = Faults.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(`These faults cannot be switched on:\n${z.prettifyError(parsed.error)}`);
}

/** The faults that `<folder>/<version>.json` builds into a version; none where there is no such file. */
export async function faultsOfBuild(folder: string | undefined, version: string): Promise<Faults> {
  if (folder === undefined) return NO_FAULTS;
  const file = join(folder, `${version}.json`);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  try {
    return parseFaults(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${file}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Says of each request whether it is one of a share, exactly and evenly spread: 0.25 is every fourth, so that
 * small samples have the share that was asked for.
 */
export function evenly(): (share: number) => boolean {
  let due = 0;
  return (share) => {
    due += share;
    // 0.1 ten times is a little less than 1.
    if (due < 1 - 1e-9) return false;
    due -= 1;
    return true;
  };
}
