/** Another version of the program, beside this one: its package has another version, and its workflows another build ID. */
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadWorkflowBundle } from '../../../workers/bundle.ts';

export interface OtherVersion {
  /** Its `bin/shiplock.js`. */
  readonly program: string;
  /** SHA-256 of its workflow code, hex, as histories name it. */
  readonly buildId: string;
  /** What its workflows say of a pause that somebody ended, where this one's say `ended by promote`. */
  readonly says: string;
}

const ROOT = join(import.meta.dirname, '../../..');
const SOURCES = ['activities', 'bin', 'infra', 'src', 'workers', 'workflows'];
const OURS = 'ended by promote';

/** @param folder the caller's, and removed by it */
export async function otherVersion(folder: string, version: string): Promise<OtherVersion> {
  const root = join(folder, `shiplock-${version}`);
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  for (const name of SOURCES) cpSync(join(ROOT, name), join(root, name), { recursive: true });
  // One by one: what this version keeps in `node_modules/.cache` is not the other one's.
  for (const name of readdirSync(join(ROOT, 'node_modules')).filter((found) => found !== '.cache')) {
    symlinkSync(join(ROOT, 'node_modules', name), join(root, 'node_modules', name));
  }
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as object;
  writeFileSync(join(root, 'package.json'), JSON.stringify({ ...manifest, version }));
  const says = `${OURS}, as ${version} says`;
  const { code } = await loadWorkflowBundle();
  if (!code.includes(`'${OURS}'`)) throw new Error(`no workflow says “${OURS}” any more`);
  // Where a package has its bundle; making one of changed sources takes seconds.
  writeFileSync(join(root, 'workers/workflow-bundle.js'), code.replaceAll(`'${OURS}'`, `'${says}'`));
  const program = join(root, 'bin/shiplock.js');
  const loaded = (await import(join(root, 'workers/bundle.ts'))) as { loadWorkflowBundle: typeof loadWorkflowBundle };
  return { program, buildId: (await loaded.loadWorkflowBundle()).digest, says };
}
