import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
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
  const code = existsSync(PREBUILT) ? await readFile(PREBUILT, 'utf8') : await bundleSources();
  return { code, digest: createHash('sha256').update(code).digest('hex') };
}

export async function bundleSources(): Promise<string> {
  const workflowsPath = join(here, '../workflows/index.ts');
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: quiet, workflowInterceptorModules: [] });
  return code;
}

/** Writes the bundle where `loadWorkflowBundle` finds it: part of the package's build. */
export async function writeBundle(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.tmp`, await bundleSources());
  await rename(`${file}.tmp`, file);
}

const ignore = (): void => {};
const quiet = { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: console.warn, error: console.error };
