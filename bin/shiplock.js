#!/usr/bin/env node
// The command line's first file. It has to be understood by every Node that a person may have, so it is plain and
// old-fashioned JavaScript; everything else needs Node 22.19.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as modules from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const OLDEST = [22, 19];

if (isOld(process.versions.node)) withNewerNode();
else await runHere();

function isOld(version) {
  const [major, minor] = version.split('.').map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}

/** A checkout runs its sources as they are; an installed package, below node_modules, what was compiled. */
async function runHere() {
  leaveWithParent();
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const source = join(root, 'src/cli/main.ts');
  const compiled = join(root, 'dist/src/cli/main.js');
  const installed = root.split(/[\\/]/).includes('node_modules');
  keepCompiled(join(installed ? dirname(root) : join(root, 'node_modules'), '.cache/shiplock/compiled'));
  const main = !installed && existsSync(source) ? source : compiled;
  const { run } = await import(pathToFileURL(main).href);
  process.exitCode = await run(process.argv.slice(2));
}

/** What V8 makes of the sources is kept for the next start, also of the processes that this one starts. */
function keepCompiled(folder) {
  if (process.env.NODE_COMPILE_CACHE || process.env.NODE_DISABLE_COMPILE_CACHE) return;
  // Where nothing can be written, Node goes on without.
  modules.enableCompileCache(folder);
  process.env.NODE_COMPILE_CACHE = folder;
}

/** The npm package `node` brings one along (a devDependency here); the command line goes on in it. */
function withNewerNode() {
  const node = packagedNode();
  if (!node) {
    console.error(
      `error: shiplock needs Node ${OLDEST.join('.')} or newer; this is ${process.version} (SHIPLOCK_NODE_TOO_OLD)`,
    );
    console.error('  mend: install a newer Node, or add it to your project with `npm install --save-dev node@24`');
    process.exitCode = 1;
    return;
  }
  // The channel tells the child when this process dies, however it dies.
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, SHIPLOCK_PARENT: String(process.pid) },
  });
  // A terminal sends its own Ctrl-C to both; only what was sent to this process alone is passed on.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGHUP'));
  child.on('error', (error) => {
    console.error(`error: ${node} does not start: ${error.message} (SHIPLOCK_NODE_TOO_OLD)`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exitCode = code;
  });
}

function packagedNode() {
  try {
    const manifest = modules.createRequire(import.meta.url).resolve('node/package.json');
    const binary = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}

function leaveWithParent() {
  if (!process.env.SHIPLOCK_PARENT || !process.channel) return;
  delete process.env.SHIPLOCK_PARENT;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}
