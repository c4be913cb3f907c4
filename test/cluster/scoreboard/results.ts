import { appendFileSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Who carried the version: our engine, or Argo's controller as it was told by ours. */
export type Carrier = 'native' | 'argo';

export interface Result {
  /** As `scenarioOf` takes it. */
  readonly scenario: string;
  readonly by: Carrier;
  readonly test: string;
  /** Relative to the checkout. */
  readonly file: string;
  readonly passed: boolean;
  /** When it ended, in epoch milliseconds. */
  readonly at: number;
}

/** Not kept in the repository: what a run of the tests leaves for the page. */
const FOLDER = join(import.meta.dirname, '../../../node_modules/.cache/shiplock/scoreboard');

/** Before a run of all tests, so that no result of an earlier one is taken for its own. */
export function clearResults(): void {
  rmSync(FOLDER, { recursive: true, force: true });
}

/** Each process has a file of its own. */
export function recordResult(result: Result): void {
  mkdirSync(FOLDER, { recursive: true });
  appendFileSync(join(FOLDER, `${process.pid}-${process.ppid}.jsonl`), `${JSON.stringify(result)}\n`);
}

export function readResults(): Result[] {
  return globSync('*.jsonl', { cwd: FOLDER })
    .toSorted()
    .flatMap((file) => readFileSync(join(FOLDER, file), 'utf8').trimEnd().split('\n'))
    .map((line) => JSON.parse(line) as Result);
}
