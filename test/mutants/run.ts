/**
 * `npm run test:mutants [-- --only 05 | --sample]`: plants each fault of this folder in a copy of the working tree and
 * shows that the test which holds the invariant fails under it, having passed without it.
 *
 * A patch starts with three lines: the invariant, the test file, and the names of its tests (a pattern; may be empty).
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly invariant: string;
  readonly test: string;
  readonly pattern: string;
}

interface Run {
  readonly tests: number;
  readonly failed: number;
  /** Node reports a file that does not load as one failed test of the file's name. */
  readonly loaded: boolean;
}

const root = join(import.meta.dirname, '../..');
/** A fault may make a test wait for ever; this ends it, and it counts as failed. */
const TIMEOUT_MS = 150_000;
/** Every third one, for CI. */
const SAMPLE_STEP = 3;

const { values } = parseArgs({ options: { only: { type: 'string' }, sample: { type: 'boolean' } } });
const mutants = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.patch'))
  .sort()
  .map(read)
  .filter(({ name }) => values.only === undefined || name.startsWith(values.only))
  .filter((_, index) => !values.sample || index % SAMPLE_STEP === 0);
const copy = copyOfTree();
const sound = new Map<string, Run>();
let wrong = 0;
try {
  for (const mutant of mutants) {
    const verdict = judge(mutant);
    if (verdict !== 'caught') wrong += 1;
    console.log(`${verdict === 'caught' ? '✔' : '✖'} ${mutant.name.padEnd(30)} ${mutant.invariant}: ${verdict}`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`\n${mutants.length - wrong} passed, ${wrong} failed`);
process.exit(wrong > 0 || mutants.length === 0 ? 1 : 0);

function read(file: string): Mutant {
  const path = join(import.meta.dirname, file);
  const [invariant, test, pattern] = readFileSync(path, 'utf8').split('\n');
  const value = (line: string | undefined, field: string): string => {
    if (!line?.startsWith(`${field}:`)) throw new Error(`${file}: the line "${field}:" is missing`);
    return line.slice(field.length + 1).trim();
  };
  return {
    name: file.replace('.patch', ''),
    file: path,
    invariant: value(invariant, 'Invariant'),
    test: value(test, 'Test'),
    pattern: value(pattern, 'Pattern'),
  };
}

/** What git knows and what it does not ignore, so that a fault is planted in what is being worked on. */
function copyOfTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shiplock-mutants-'));
  const listed = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' });
  for (const file of listed.stdout.split('\0').filter(Boolean)) {
    cpSync(join(root, file), join(folder, file), { force: true, recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

function judge(mutant: Mutant): string {
  const key = `${mutant.test} ${mutant.pattern}`;
  const without = sound.get(key) ?? runTest(mutant);
  sound.set(key, without);
  if (without.tests === 0 || without.failed > 0) return `its test does not pass without the fault (${show(without)})`;
  const planted = spawnSync('git', ['apply', '-C1', mutant.file], { cwd: copy, encoding: 'utf8' });
  if (planted.status !== 0) return `the patch does not apply: ${planted.stderr.trim()}`;
  const withFault = runTest(mutant);
  const taken = spawnSync('git', ['apply', '-R', '-C1', mutant.file], { cwd: copy, encoding: 'utf8' });
  if (taken.status !== 0) throw new Error(`${mutant.name} cannot be taken out again: ${taken.stderr}`);
  // A fault that keeps the file from loading shows nothing.
  if (!withFault.loaded) return `the test was not reached (${show(withFault)})`;
  return withFault.failed > 0 ? 'caught' : `not caught (${show(withFault)})`;
}

function runTest({ test, pattern }: Mutant): Run {
  const named = pattern === '' ? [] : ['--test-name-pattern', pattern];
  const args = ['--test', '--test-force-exit', '--test-reporter=tap', ...named, test];
  const { stdout } = spawnSync(process.execPath, args, {
    cwd: copy,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: 64e6,
  });
  const count = (what: string): number => Number(new RegExp(`^# ${what} (\\d+)`, 'm').exec(stdout)?.[1] ?? 0);
  const loaded = count('tests') > 1 || !/^not ok \d+ - \S+\.test\.ts$/m.test(stdout);
  return { tests: count('tests'), failed: count('fail') + count('cancelled'), loaded };
}

function show({ tests, failed }: Run): string {
  return `${failed} of ${tests} failed`;
}
