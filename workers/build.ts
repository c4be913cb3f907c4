/** The published package: compiled sources, the workflow bundle, and the files that they read. */
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeBundle } from './bundle.ts';

const root = join(import.meta.dirname, '..');
const inRoot = (...path: string[]): string => join(root, ...path);

rmSync(inRoot('dist'), { recursive: true, force: true });
const compiled = spawnSync(process.execPath, [inRoot('node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (compiled.status !== 0) process.exit(1);
await writeBundle(inRoot('dist/workers/workflow-bundle.js'));
cpSync(inRoot('infra/prometheus'), inRoot('dist/infra/prometheus'), { recursive: true });
cpSync(inRoot('infra/grafana'), inRoot('dist/infra/grafana'), { recursive: true });
