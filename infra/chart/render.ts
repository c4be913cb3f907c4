/** Writes the plain manifests of `infra/kubernetes/worker` from the chart: `node infra/chart/render.ts`. */
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { obtainProgram } from '../test-cluster/programs/index.ts';

export const CHART = join(import.meta.dirname, 'shiplock');
export const MANIFESTS = join(import.meta.dirname, '../kubernetes/worker');
/** What the chart's `kubeVersion` is held against. A Helm that was built from its module knows no version of its own. */
const KUBERNETES = '1.37.2';

export interface Rendered {
  readonly ok: boolean;
  /** What Helm says where it is not. */
  readonly errors: string;
  readonly text: string;
}

/** `helm template`, as the release `shiplock` in the namespace `shiplock`. */
export function renderChart(helm: string, args: readonly string[]): Rendered {
  const all = ['template', 'shiplock', CHART, '--namespace', 'shiplock', '--kube-version', KUBERNETES, ...args];
  const { status, stdout, stderr } = spawnSync(helm, all, { encoding: 'utf8', timeout: 60_000 });
  return { ok: status === 0, errors: stderr, text: stdout };
}

/** The manifests by the names of their files: each template is one file. */
export function manifestFiles(text: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const document of text.split(/^---\n/m)) {
    const [, template, content] = /^# Source: shiplock\/templates\/(\S+)\n([\s\S]*)$/.exec(document) ?? [];
    if (template === undefined || content === undefined) continue;
    const before = files.get(template);
    const trimmed = `${content.trimEnd()}\n`;
    files.set(template, before === undefined ? HEAD + trimmed : `${before}---\n${trimmed}`);
  }
  return files;
}

const HEAD = '# Rendered from infra/chart/shiplock by `node infra/chart/render.ts`; a test compares.\n';

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const helm = await obtainProgram('helm', (line) => console.error(line));
  const rendered = renderChart(helm.path, ['--values', join(MANIFESTS, 'values.yaml')]);
  if (!rendered.ok) throw new Error(rendered.errors);
  for (const name of readdirSync(MANIFESTS)) if (name !== 'values.yaml') rmSync(join(MANIFESTS, name));
  for (const [name, content] of manifestFiles(rendered.text)) writeFileSync(join(MANIFESTS, name), content);
}
