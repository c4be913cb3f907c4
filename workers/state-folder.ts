import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where a worker keeps what outlives it: `SHIPLOCK_STATE`, else XDG's state folder. */
export function stateFolder(chosen: string | undefined): string {
  const { SHIPLOCK_STATE, XDG_STATE_HOME } = process.env;
  return chosen ?? SHIPLOCK_STATE ?? join(XDG_STATE_HOME || join(homedir(), '.local/state'), 'shiplock');
}
