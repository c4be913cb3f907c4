/** The published package: compiled sources, the workflow bundle, and the files that they read. */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeBundle } from './bundle.ts';

const root = join(import.meta.dirname, '..');
const inRoot = (...path: string[]): string => join(root, ...path);

rmSync(inRoot('dist'), { recursive: true, force: true });
const compiled = spawnSync(process.execPath, [inRoot('node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (compiled.status !== 0) process.exit(1);
leaveOutDeclarations(['src/index', 'src/express/index', 'workers/main']);
await writeBundle(inRoot('dist/workers/workflow-bundle.js'));
cpSync(inRoot('infra/prometheus'), inRoot('dist/infra/prometheus'), { recursive: true });
cpSync(inRoot('infra/grafana'), inRoot('dist/infra/grafana'), { recursive: true });

/** Declarations that no entry point of the package leads to are a third of its files, and of use to nobody. */
function leaveOutDeclarations(entries: readonly string[]): void {
  const needed = new Set<string>();
  const left = entries.map((entry) => inRoot('dist', `${entry}.d.ts`));
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    if (needed.has(file)) continue;
    needed.add(file);
    const from = dirname(file);
    const imports = readFileSync(file, 'utf8').matchAll(/(?:from |import\(|import )['"](\.[^'"]+)\.[tj]s['"]/g);
    for (const [, path] of imports) left.push(join(from, `${path}.d.ts`));
  }
  for (const file of globSync(inRoot('dist/**/*.d.ts'))) if (!needed.has(file)) rmSync(file);
}
