import { hostname, userInfo } from 'node:os';

/**
 * Who acts, as it will stand in the history: `SHIPLOCK_IDENTITY`, else `user@host`.
 *
 * It is what the sender claims. Where a release needs proof, the server has to add a principal.
 */
export function identity(env: NodeJS.ProcessEnv = process.env): string {
  const claimed = env.SHIPLOCK_IDENTITY?.trim();
  if (claimed) return claimed;
  return `${userName()}@${hostname()}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user id without an entry in the password file.
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
