import { realpath } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { ShiplockError } from '../../../src/errors.ts';
import { type ServerName, serverNamed } from './catalogue.ts';
import { runProgram } from './child.ts';
import { attemptsOn } from './fetch.ts';
import { pins } from './pins.ts';
import { installCommand, olderThan, runsOn, thisMachine } from './platform.ts';
import { findServer, isProgram, versionOf } from './search.ts';

/** What `shiplock doctor` says of one thing; plain data, so it is JSON as it is. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  /** What lacks when it is missing; null: the embedded stack does not run without it. */
  readonly optionalFor: string | null;
  readonly found: { readonly path: string; readonly version: string; readonly from: string } | null;
  readonly because: string;
  /** The command or change that mends it; null where nothing is wrong. */
  readonly mend: string | null;
}

/** package.json's `engines.node`. */
const oldestNode = '22.19.0';

/**
 * Looks at everything the embedded stack and the tests need, and runs each program to see that it does run. Fetches
 * nothing, changes nothing, never throws.
 */
export async function examine(environment: NodeJS.ProcessEnv = process.env): Promise<readonly Finding[]> {
  return Promise.all([
    node(),
    program('git', ['--version'], /version (\S+)/, null, installCommand('git', 'git'), environment),
    server('temporal', null, environment),
    server('envoy', null, environment),
    server('prometheus', null, environment),
    server('promtool', 'tests of alert rules', environment),
    server('postgres', 'the demo and tests with a database', environment),
    program(
      'java',
      ['-version'],
      /version "(\S+)"/,
      'workflow tests',
      installCommand('default-jre-headless', 'openjdk'),
      {
        ...environment,
        PATH: environment.JAVA_HOME ? join(environment.JAVA_HOME, 'bin') : environment.PATH,
      },
    ),
    server('temporal-test-server', 'workflow tests', environment),
    server('chromium', 'tests of the Web UI', environment),
  ]);
}

async function node(): Promise<Finding> {
  const version = process.versions.node;
  const ok = !olderThan(version, oldestNode);
  return {
    name: 'node',
    ok,
    optionalFor: null,
    found: { path: process.execPath, version, from: 'this process' },
    because: `${version} is ${ok ? '' : 'not '}${oldestNode} or newer`,
    mend: ok ? null : 'npm ci, then npm run … or npx shiplock …: the project brings a Node of its own',
  };
}

async function server(name: ServerName, optionalFor: string | null, environment: NodeJS.ProcessEnv): Promise<Finding> {
  try {
    const { found, because } = await findServer(name, environment);
    if (found === null) {
      const hindrance = hindranceToFetch(name);
      const told = hindrance === null ? because : `${because}, and ${hindrance}`;
      const { variable, mend } = serverNamed(name);
      const own = `install ${name} ${serverNamed(name).minimum ?? ''} and let ${variable} name its executable`;
      return { name, ok: false, optionalFor, found, because: told, mend: hindrance === null ? mend : own };
    }
    const runs = (await versionOf(found.path, name)) !== null;
    return {
      name,
      ok: runs,
      optionalFor,
      found: { path: found.path, version: found.version, from: found.from },
      because: runs ? because : `${because}, but it does not run here`,
      mend: runs ? null : `remove ${found.path}, then ${serverNamed(name).mend}`,
    };
  } catch (error) {
    const mend = error instanceof ShiplockError ? (error.mend ?? null) : null;
    const because = error instanceof Error ? error.message : String(error);
    return { name, ok: false, optionalFor, found: null, because, mend };
  }
}

function hindranceToFetch(name: ServerName): string | null {
  const { from } = serverNamed(name);
  const machine = thisMachine();
  if (from === null || attemptsOn(pins[from], machine).length > 0) return null;
  const file = pins[from].files['linux-x64'];
  const reason = runsOn(machine, file?.glibc ?? null);
  return reason.verdict ? `nothing is published for ${machine.system}-${machine.architecture}` : reason.because;
}

async function program(
  name: string,
  args: readonly string[],
  pattern: RegExp,
  optionalFor: string | null,
  mend: string,
  environment: NodeJS.ProcessEnv,
): Promise<Finding> {
  for (const folder of (environment.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    if (folder === '' || !(await isProgram(path))) continue;
    const ended = await runProgram(path, args, { timeoutMs: 20_000, environment });
    const version = pattern.exec(`${ended.output}\n${ended.errors}`)?.[1];
    if (ended.code !== 0 || version === undefined) continue;
    const found = { path: await realpath(path), version, from: 'path' };
    return { name, ok: true, optionalFor, found, because: `PATH has ${name} ${version}`, mend: null };
  }
  return { name, ok: false, optionalFor, found: null, because: `PATH has no ${name} that runs`, mend };
}
