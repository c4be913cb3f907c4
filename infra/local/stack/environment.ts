import { dirname } from 'node:path';

/** What a process of the stack may know of ours: no credentials, no settings of a CI job. */
const ALLOWED = ['HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'NODE_COMPILE_CACHE'];

/** The environment everything starts with. `node` is, there, the Node that runs Shiplock. */
export function inheritedEnvironment(): Record<string, string> {
  const allowed = ALLOWED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const node = dirname(process.execPath);
  const inherited = (process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin').split(':');
  const path = [node, ...inherited.filter((directory) => directory !== node)].join(':');
  return { PATH: path, ...Object.fromEntries(allowed) };
}
