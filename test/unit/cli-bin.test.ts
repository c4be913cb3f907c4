import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { suite, test } from 'node:test';

const BIN = new URL('../../bin/shiplock.js', import.meta.url).pathname;

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function runWith(node: string, file: string, ...args: string[]): Ran {
  const { status, stdout, stderr } = spawnSync(node, [file, ...args], { encoding: 'utf8', timeout: 300_000 });
  return { code: status, out: stdout, err: stderr };
}

/** A Node on this machine that is too old for the sources, outside any node_modules. */
function oldNode(): string | null {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const node = join(folder, 'node');
    if (folder.includes('node_modules') || !existsSync(node)) continue;
    const [major = 99, minor = 0] = (
      spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout || '99'
    )
      .split('.')
      .map(Number);
    if (major < 22 || (major === 22 && minor < 19)) return node;
  }
  return null;
}

const old = oldNode();
const skip = old ? false : 'this machine has no Node older than 22.19 on its PATH';

suite('bin/shiplock.js', () => {
  test('runs the sources of a checkout as they are', () => {
    const { code, out } = runWith(process.execPath, BIN, '--version');
    assert.deepEqual([code, /^\d+\.\d+\.\d+\n$/.test(out)], [0, true]);
  });

  test('keeps what was compiled for the next start, and starts just so where nothing can be kept', () => {
    const root = mkdtempSync(join(tmpdir(), 'shiplock-bin-'));
    try {
      mkdirSync(join(root, 'bin'));
      mkdirSync(join(root, 'src/cli'), { recursive: true });
      copyFileSync(BIN, join(root, 'bin/shiplock.js'));
      writeFileSync(join(root, 'package.json'), '{"type":"module"}');
      writeFileSync(
        join(root, 'src/cli/main.ts'),
        `export function run(): number { console.log(process.env.NODE_COMPILE_CACHE ?? 'none'); return 0; }\n`,
      );
      const cache = join(root, 'node_modules/.cache/shiplock/compiled');
      const env = { ...process.env, NODE_COMPILE_CACHE: undefined };
      const start = () => spawnSync(process.execPath, [join(root, 'bin/shiplock.js')], { encoding: 'utf8', env });
      assert.equal(start().stdout, `${cache}\n`, 'the processes that it starts keep theirs beside');
      assert.ok(readdirSync(cache).length > 0);

      rmSync(join(root, 'node_modules'), { recursive: true });
      writeFileSync(join(root, 'node_modules'), 'no folder');
      const { status, stderr } = start();
      assert.deepEqual([status, stderr], [0, '']);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  test('hands over the exit code', () => {
    assert.equal(runWith(process.execPath, BIN, 'nonsense').code, 2);
  });

  test('goes on in the Node of the package "node" where the one that started it is too old', { skip }, () => {
    const { code, out } = runWith(old as string, BIN, '--version');
    assert.deepEqual([code, /^\d+\.\d+\.\d+\n$/.test(out)], [0, true]);
    assert.equal(runWith(old as string, BIN, 'nonsense').code, 2);
  });

  test('says in one line what is missing where there is no newer Node', { skip }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'shiplock-bin-'));
    try {
      mkdirSync(join(folder, 'bin'));
      copyFileSync(BIN, join(folder, 'bin/shiplock.js'));
      writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
      const { code, err } = runWith(old as string, join(folder, 'bin/shiplock.js'), '--version');
      assert.equal(code, 1);
      assert.match(
        err,
        /^error: shiplock needs Node 22\.19 or newer; this is v[\d.]+ \(SHIPLOCK_NODE_TOO_OLD\)\n {2}mend: .*\n$/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
