/**
 * Plants each fault of this folder in a copy of the working tree and shows that the test which holds the invariant
 * fails under it, having passed without it.
 *
 * `npm run test:mutants -- [--only 03 | --only 03-told-once] [--sample] [--parallel 2]`
 *
 * `--sample` takes one fault of each invariant. Exit code 1 if any fault was not caught.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Mutant, readMutants, sampleOf } from './mutant.ts';
import type { Ending } from './reporter.ts';
import { copyTree, type Tree } from './tree.ts';
import { endAll, runTests } from './trial.ts';

/** Of a fault that its test did not see. */
const MOST_RUNS = 3;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    sample: { type: 'boolean', default: false },
    parallel: { type: 'string', default: '2' },
  },
});
const all = readMutants(import.meta.dirname).filter(({ name }) => name.startsWith(values.only));
const mutants = values.sample ? sampleOf(all) : all;
const root = join(import.meta.dirname, '../..');
const trees = Array.from({ length: Number(values.parallel) }, () => copyTree(root));
const clear = (): void => {
  endAll();
  for (const tree of trees) tree.remove();
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
process.once('exit', clear);

const beganAt = performance.now();
const sound = new Map<string, Ending>();
await share([...new Set(mutants.map(({ test }) => test))], async (tree, test) => {
  const names = mutants.filter((mutant) => mutant.test === test).map(({ fails }) => fails);
  for (const [name, ending] of await runTests(tree.folder, test, names)) sound.set(`${test} ${name}`, ending);
});

let passed = 0;
await share(mutants, async (tree, mutant) => {
  const began = performance.now();
  const problem = await problemOf(tree, mutant);
  if (problem === null) passed += 1;
  const seconds = ((performance.now() - began) / 1_000).toFixed(0).padStart(3);
  const { name, fault, fails, test } = mutant;
  console.log(`${problem === null ? '✔' : '✖'} ${name.padEnd(28)} ${seconds} s  ${fault}`);
  if (problem !== null) console.log(`  ${test}, “${fails}”: ${problem}`);
});
const seconds = ((performance.now() - beganAt) / 1_000).toFixed(0);
console.log(`\n${passed} passed, ${mutants.length - passed} failed, in ${seconds} s`);
process.exit(passed === mutants.length && passed > 0 ? 0 : 1);

/** Why a fault was not caught; `null`: it was. */
async function problemOf(tree: Tree, { patch, test, fails }: Mutant): Promise<string | null> {
  const without = sound.get(`${test} ${fails}`);
  if (!without) return 'there is no such test';
  if (!without.passed) return `it fails without the fault, too: ${without.message}`;
  try {
    tree.plant(patch);
  } catch (error) {
    return `the patch does not fit the code any more: ${(error as Error).message}`;
  }
  const run = async () => (await runTests(tree.folder, test, [fails])).get(fails);
  let ending = await run();
  // A fault that is a race (what is in flight when a version ends) shows in most runs, not in every one.
  for (let again = 1; again < MOST_RUNS && ending?.passed; again += 1) ending = await run();
  tree.takeOut(patch);
  if (!ending) return 'it was not reached';
  if (ending.passed) return 'it passes';
  return isOfTheTest(ending) ? null : `it broke instead of failing: ${ending.thrown} ${ending.message}`;
}

/** A hook that failed, a time-out, or code that does not run show nothing: the test itself must have objected. */
function isOfTheTest({ failure, thrown }: Ending): boolean {
  return failure === 'testCodeFailure' && (thrown === 'AssertionError' || thrown === 'Error');
}

/** Each item once, in whichever tree is free. */
async function share<Item>(items: readonly Item[], work: (tree: Tree, item: Item) => Promise<void>): Promise<void> {
  const queue = [...items];
  await Promise.all(
    trees.map(async (tree) => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(tree, item);
    }),
  );
}
