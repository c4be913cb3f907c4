/** What really happened to a service: the supervisor's journal, and the writes of a file. */
import { existsSync, type FSWatcher, readFileSync, statSync, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** One line each, in order, without what differs from run to run: time, number, fence, key, a flag's name. */
export function effectsOf(home: string, service: string): string[] {
  const file = join(home, 'journal.jsonl');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((entry) => entry.service === service)
    .map(({ effect, at: _at, seq: _seq, key: _key, service: _service, fence: _fence, flag: _flag, ...detail }) =>
      [effect, ...Object.values(detail).map((value) => JSON.stringify(value))].join(' '),
    );
}

/** Follows one file; each replacement counts, also one by the same text. */
export function watchFile(file: string): { readonly contents: readonly string[]; stop(): void } {
  const contents: string[] = [];
  let inode: number | null = null;
  const look = (): void => {
    if (!existsSync(file)) return;
    const { ino } = statSync(file);
    if (ino === inode) return;
    inode = ino;
    contents.push(readFileSync(file, 'utf8'));
  };
  look();
  const watcher: FSWatcher = watch(dirname(file), (_event, name) => {
    if (name === null || name === basename(file)) look();
  });
  return { contents, stop: () => watcher.close() };
}
