import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

export interface WorkflowBundle {
  readonly code: string;
  /** SHA-256 of the code, hex: the name under which archives keep it. */
  readonly digest: string;
}

const here = dirname(fileURLToPath(import.meta.url));
/** Built once for the package; a checkout has none and bundles when a worker starts. */
const PREBUILT = join(here, 'workflow-bundle.js');

/** The code that runs in the workflow sandbox: the package's own bundle, or one made of this checkout. */
export async function loadWorkflowBundle(): Promise<WorkflowBundle> {
  const code = existsSync(PREBUILT) ? await readFile(PREBUILT, 'utf8') : await bundleOfCheckout();
  return { code, digest: sha256(code) };
}

/** Bundling takes seconds; the result is kept beside the installed packages, under the digest of what went in. */
async function bundleOfCheckout(): Promise<string> {
  const root = join(here, '..');
  const kept = join(root, 'node_modules/.cache/shiplock', `workflow-bundle-${await digestOfSources(root)}.js`);
  if (!existsSync(kept)) await writeBundle(kept);
  return readFile(kept, 'utf8');
}

async function digestOfSources(root: string): Promise<string> {
  const files = ['package-lock.json', ...(await sourcesOf(root))];
  const contents = await Promise.all(files.map((file) => readFile(join(root, file))));
  return sha256(files.map((file, index) => `${file} ${sha256(contents[index] ?? '')}`).join('\n')).slice(0, 16);
}

/** Everything the bundle may take in: it imports nothing from elsewhere but packages. */
async function sourcesOf(root: string): Promise<string[]> {
  const folders = ['workflows', 'src', 'activities', 'workers'];
  const found = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(join(root, folder), { recursive: true })).map((file) => join(folder, file)),
    ),
  );
  return found
    .flat()
    .filter((file) => file.endsWith('.ts'))
    .sort();
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

export async function bundleSources(): Promise<string> {
  const workflowsPath = join(here, '../workflows/index.ts');
  const workflowInterceptorModules = ['legible', 'witness'].map((name) => join(here, `../workflows/${name}.ts`));
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: quiet, workflowInterceptorModules });
  return withoutRoot(code, join(here, '..'));
}

const SOURCE_MAP = /^(\/\/# sourceMappingURL=data:application\/json;charset=utf-8;base64,)(.+)$/m;

/** The same sources make the same bundle wherever they lie, and a published one names nobody's folders. */
function withoutRoot(code: string, root: string): string {
  return code.replace(SOURCE_MAP, (_, prefix: string, encoded: string) => {
    const map = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as { sources: string[] };
    map.sources = map.sources.map((source) => source.replace(`${root}/`, ''));
    return prefix + Buffer.from(JSON.stringify(map)).toString('base64');
  });
}

/** Writes the bundle where `loadWorkflowBundle` finds it: part of the package's build. */
export async function writeBundle(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  await writeFile(unfinished, await bundleSources());
  await rename(unfinished, file);
}

const ignore = (): void => {};
const quiet = { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: console.warn, error: console.error };
