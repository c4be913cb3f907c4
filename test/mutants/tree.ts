/** A copy of the working tree in which faults can be planted. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Tree {
  readonly folder: string;
  /** @throws Error where the patch does not fit the code any more. */
  plant(patch: string): void;
  takeOut(patch: string): void;
  remove(): void;
}

/** What git knows and does not ignore, as it is now; the installed packages are linked to. */
export function copyTree(root: string): Tree {
  const folder = mkdtempSync(join(tmpdir(), 'shiplock-mutants-'));
  const listed = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' });
  for (const file of listed.stdout.split('\0').filter((name) => name && existsSync(join(root, name)))) {
    cpSync(join(root, file), join(folder, file), { recursive: true });
  }
  // One by one: what faulty code leaves in `node_modules/.cache` stays in the copy.
  mkdirSync(join(folder, 'node_modules'));
  for (const name of readdirSync(join(root, 'node_modules')).filter((found) => found !== '.cache')) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  const apply = (patch: string, ...options: string[]): void => {
    const { status, stderr } = spawnSync('git', ['apply', '-C1', ...options, patch], { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr.trim());
  };
  return {
    folder,
    plant: (patch) => apply(patch),
    takeOut: (patch) => apply(patch, '--reverse'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
