import { readFile } from 'node:fs/promises';

/** A promoted pod keeps its environment, but its labels change: the file is looked at again this often. */
const LOOK_AGAIN_MS = 1_000;
/** On every pod of a revision; `role` is what a Rollout's own `canaryMetadata` would give, for Argo's controller too. */
const ROLE_OF_THE_ENGINE = 'shiplock.dev/role';

export interface RoleOptions {
  /** File with the pod's labels as the downward API writes them; `undefined`: the fallback alone. */
  readonly file: string | undefined;
  /** The role where the file is missing or has neither label, `shiplock.dev/role` nor `role`. */
  readonly fallback: string;
}

export interface RoleReader {
  /** The role as last read. Starts a new look in the background when the last one is old; keeps no timer. */
  current(): string;
  /** Looks now. */
  refresh(): Promise<string>;
}

/** Follows the role of this process: a label of its pod, so that a promotion is seen without a restart. */
export function roleReader(options: RoleOptions): RoleReader {
  const { file, fallback } = options;
  let role = fallback;
  let lookedAt = Number.NEGATIVE_INFINITY;

  async function refresh(): Promise<string> {
    if (file === undefined) return role;
    lookedAt = performance.now();
    const labels = await readFile(file, 'utf8').catch(() => '');
    role = labelValue(labels, ROLE_OF_THE_ENGINE) ?? labelValue(labels, 'role') ?? fallback;
    return role;
  }

  void refresh();
  return {
    refresh,
    current() {
      if (file !== undefined && performance.now() - lookedAt > LOOK_AGAIN_MS) void refresh();
      return role;
    },
  };
}

/**
 * One label of a downward API file, whose lines are `key="value"` with Go's escapes.
 *
 * @example labelValue('app="credlink-api"\nrole="canary"\n', 'role') // 'canary'
 */
export function labelValue(labels: string, key: string): string | undefined {
  for (const line of labels.split('\n')) {
    const equals = line.indexOf('=');
    if (line.slice(0, equals) !== key) continue;
    const value = line
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1');
    return value === '' ? undefined : value;
  }
  return undefined;
}
