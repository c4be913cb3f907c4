/** `shiplock serve` as a process of its own, with its files. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endWithUs, removeWithUs } from '../../infra/local/afterwards.ts';
import { SECRET, type Signed } from '../fixtures/github-deliveries.ts';

export const BIN = new URL('../../bin/shiplock.js', import.meta.url).pathname;

export interface Served {
  readonly url: string;
  readonly port: number;
  /** What it wrote on standard error. */
  readonly lines: string[];
  /** The exit code, once it has ended. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
}

export interface Said {
  readonly status: number;
  readonly body: {
    readonly release?: string;
    readonly run?: string;
    readonly state?: string;
    readonly again?: boolean;
    readonly error?: { readonly code: string; readonly message: string };
  };
}

/** A folder with a release file and a trigger for each service; `manner` is its `ifBusy`. */
export function triggersFor(manner: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'shiplock-serve-'));
  removeWithUs(folder);
  for (const service of Object.keys(manner)) writeFileSync(join(folder, `${service}.yaml`), releaseOf(service));
  const triggers = Object.entries(manner).map(
    ([service, ifBusy]) => `  - repository: acme/${service}
    secrets: [{ env: HOOK_SECRET }]
    release: ${service}.yaml
    ifBusy: ${ifBusy}
    on: { release: {}, workflowRun: { workflow: .github/workflows/ci.yml, branch: main } }
`,
  );
  writeFileSync(join(folder, 'serve.yaml'), `apiVersion: shiplock/v1\nkind: Triggers\ngithub:\n${triggers.join('')}`);
  return folder;
}

/** What `shiplock serve` has in its environment. */
export function environment(address: string): NodeJS.ProcessEnv {
  return { ...process.env, TEMPORAL_ADDRESS: address, HOOK_SECRET: SECRET };
}

export async function serve(folder: string, address: string): Promise<Served> {
  const child: ChildProcess = spawn(
    process.execPath,
    [BIN, 'serve', '--config', join(folder, 'serve.yaml'), '--port', '0'],
    { env: environment(address), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  child.once('exit', endWithUs(child.pid ?? Number.NaN));
  const lines: string[] = [];
  assert.ok(child.stdout && child.stderr);
  createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  const url = await Promise.race([urlFrom(child.stdout), exit.then(() => null)]);
  assert.ok(url, lines.join('\n'));
  return {
    url,
    port: Number(new URL(url).port),
    lines,
    end(signal) {
      child.kill(signal);
      return exit;
    },
  };
}

export async function deliver({ url }: Served, { headers, body }: Signed): Promise<Said> {
  const response = await fetch(`${url}/github`, { method: 'POST', headers, body });
  return { status: response.status, body: (await response.json()) as Said['body'] };
}

async function urlFrom(stdout: NodeJS.ReadableStream): Promise<string | null> {
  for await (const line of createInterface({ input: stdout })) {
    const [, url] = /serving \d+ triggers on (http:\S+)\/github/.exec(line) ?? [];
    if (url) return url;
  }
  return null;
}

function releaseOf(service: string): string {
  return `apiVersion: shiplock/v1
kind: Release
service: ${service}
target: { platform: local, command: [node, main.ts], directory: ., replicas: 1, readinessPath: /ready, stableService: a, canaryService: b }
canary: { steps: [{ setWeight: 25 }, { pause: {} }] }
promotion: { automatic: true }
window: { duration: 1m }
`;
}
