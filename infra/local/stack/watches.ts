import { readFileSync } from 'node:fs';

const LIMIT = '/proc/sys/fs/inotify/max_user_instances';
/** For Envoy's other files, and for what else this user watches. */
const RESERVE = 28;

/** How many revisions the router can watch at once; `null` where the system sets no such limit. */
export function mostRevisions(): number | null {
  try {
    return Math.max(1, Number(readFileSync(LIMIT, 'utf8')) - RESERVE) || null;
  } catch {
    return null;
  }
}
