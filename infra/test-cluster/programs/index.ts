import { build, type OnLine } from './build.ts';
import { type BuildName, type ProgramName, programs, type ToolName } from './catalogue.ts';
import { customResources, type Definition } from './definitions.ts';
import { type FoundProgram, findProgram } from './find.ts';

export type { OnLine } from './build.ts';
export type { ProgramName } from './catalogue.ts';
export type { Definition } from './definitions.ts';
export { type FoundProgram, findProgram } from './find.ts';

export interface Programs {
  readonly programs: Readonly<Record<ProgramName, FoundProgram>>;
  readonly definitions: readonly Definition[];
}

/**
 * Everything a cluster is made of. What is found nowhere is built or fetched, one after the other, since a build takes
 * the whole machine.
 * @throws as `findProgram`, `build` and `customResources`
 */
export async function obtainPrograms(onLine: OnLine, environment = process.env): Promise<Programs> {
  const found: Partial<Record<ProgramName, FoundProgram>> = {};
  const built = new Set<BuildName>();
  for (const name of CLUSTER) found[name] = await obtainProgram(name, onLine, built, environment);
  const definitions = await customResources(onLine, environment);
  return { programs: found as Programs['programs'], definitions };
}

const CLUSTER: readonly ProgramName[] = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'];

/**
 * One program, built where it is found nowhere.
 * @throws as `findProgram` and `build`
 */
export async function obtainProgram(
  name: ProgramName | ToolName,
  onLine: OnLine,
  built = new Set<BuildName>(),
  environment = process.env,
): Promise<FoundProgram> {
  const { from } = programs[name];
  let search = await findProgram(name, environment);
  if (search.found === null && !built.has(from)) {
    onLine(`${name} is missing: ${search.because}`);
    await build(from, onLine, environment);
    built.add(from);
    search = await findProgram(name, environment);
  }
  if (search.found === null) throw new Error(`go build brought no ${name}: ${search.because}`);
  return search.found.from === 'cache' && built.has(from) ? { ...search.found, from: 'build' } : search.found;
}
