/**
 * npm run test:cluster -- [--sample] [--context NAME] [FILE…] [-- OPTIONS OF node --test]
 *
 * Runs the tests of this folder on the cluster of this checkout, which is brought up first and taken down after, unless
 * it was up already; with `--context` on a cluster of yours, by your KUBECONFIG. All of them write the scoreboard anew.
 */
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { obtainController, onOurs, onYours, told } from './on-cluster.ts';
import { SAMPLE } from './sample.ts';
import { clearResults } from './scoreboard/results.ts';
import { writeScoreboard } from './scoreboard/write.ts';

const root = join(import.meta.dirname, '../..');
/** They wait more than they work: two processors carry three. */
const AT_ONCE = 3;
/** A file whose tests leave something open that keeps it alive fails after this. */
const FILE_TIMEOUT_MS = 900_000;

const own = process.argv.slice(2);
const split = own.indexOf('--') < 0 ? own.length : own.indexOf('--');
const { values, positionals } = parseArgs({
  args: own.slice(0, split),
  options: { sample: { type: 'boolean' }, context: { type: 'string' } },
  allowPositionals: true,
});
const files = filesAsked();
const tests = nodeTest(files, own.slice(split + 1));
const isWhole = positionals.length === 0 && !values.sample && split === own.length;

try {
  if (isWhole) clearResults();
  if (files.some((file) => basename(file).startsWith('argo'))) await obtainController();
  process.exitCode = values.context === undefined ? await onOurs(tests) : await onYours(values.context, tests);
  if (isWhole) console.log(writeScoreboard());
} catch (error) {
  process.exitCode = told(error);
}

function filesAsked(): readonly string[] {
  if (positionals.length > 0) return positionals;
  if (values.sample) return SAMPLE.map((name) => join('test/cluster', name));
  return globSync('test/cluster/**/*.test.ts', { cwd: root }).toSorted();
}

function nodeTest(files: readonly string[], options: readonly string[]): readonly string[] {
  return [
    process.execPath,
    '--test',
    `--test-timeout=${FILE_TIMEOUT_MS}`,
    `--test-concurrency=${AT_ONCE}`,
    ...options,
    ...files,
  ];
}
