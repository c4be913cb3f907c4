/** A planted fault: a patch, and the test that must fail under it. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export interface Mutant {
  /** `03-told-once`: the number is the invariant's, 00 that of an aim. */
  readonly name: string;
  readonly patch: string;
  readonly invariant: string;
  /** What the patch does, as a sentence. */
  readonly fault: string;
  /** A file below the root. */
  readonly test: string;
  /** The name of the test in it that must fail. */
  readonly fails: string;
}

const FIELDS = ['Invariant', 'Fault', 'Test', 'Fails'] as const;

/** All of a folder, in the order of their names. */
export function readMutants(folder: string): Mutant[] {
  const patches = readdirSync(folder).filter((file) => file.endsWith('.patch'));
  return patches.sort().map((file) => readMutant(join(folder, file)));
}

/** @throws Error where one of the four lines at the head of the patch is missing. */
export function readMutant(patch: string): Mutant {
  const lines = readFileSync(patch, 'utf8').split('\n');
  const [invariant = '', fault = '', test = '', fails = ''] = FIELDS.map((field, index) => {
    const line = lines[index] ?? '';
    if (!line.startsWith(`${field}: `)) throw new Error(`${patch}:${index + 1}: "${field}: …" is expected here`);
    return line.slice(field.length + 2).trim();
  });
  return { name: basename(patch, '.patch'), patch, invariant, fault, test, fails };
}

/** The first of each invariant. */
export function sampleOf(mutants: readonly Mutant[]): Mutant[] {
  return mutants.filter(
    ({ name }, index) => mutants.findIndex((other) => other.name.slice(0, 2) === name.slice(0, 2)) === index,
  );
}
