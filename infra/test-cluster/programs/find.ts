import { delimiter, join } from 'node:path';
import { ShiplockError } from '../../../src/errors.ts';
import { readEntry } from '../../local/servers/cache.ts';
import { runProgram } from '../../local/servers/child.ts';
import { olderThan } from '../../local/servers/platform.ts';
import { isProgram } from '../../local/servers/search.ts';
import { buildFolder } from './build.ts';
import { builds, type Program, type ProgramName, programs, type ToolName } from './catalogue.ts';

export interface FoundProgram {
  readonly name: ProgramName | ToolName;
  readonly path: string;
  readonly version: string;
  readonly from: 'environment' | 'assets' | 'path' | 'cache' | 'build';
}

/** Where a program was found; `found` is null where nothing fits, and `because` says what was passed over. */
export interface ProgramSearch {
  readonly found: FoundProgram | null;
  readonly because: string;
}

/**
 * Looks for a program: its environment variable, the folder `KUBEBUILDER_ASSETS`, `PATH`, then our cache. What is older
 * than the version that tests were written on is passed over, but never what a person names by its variable.
 * @throws SHIPLOCK_SERVER_OVERRIDE where the variable names nothing that runs
 */
export async function findProgram(
  name: ProgramName | ToolName,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<ProgramSearch> {
  const program = programs[name];
  const chosen = environment[program.variable];
  if (chosen) return { found: await named(program, chosen), because: `${program.variable} names it` };

  const passedOver: string[] = [];
  const assets = environment.KUBEBUILDER_ASSETS ? [environment.KUBEBUILDER_ASSETS] : [];
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const [from, places] of [['assets', assets] as const, ['path', folders] as const]) {
    for (const path of places.map((folder) => join(folder, name))) {
      if (!(await isProgram(path))) continue;
      const version = await versionOf(path, program);
      if (version !== null && !olderThan(version, program.minimum)) {
        return { found: { name, path, version, from }, because: `${path} is ${version}` };
      }
      passedOver.push(`${path} ${version === null ? 'tells no version' : `is ${version}, before ${program.minimum}`}`);
    }
  }
  const folder = buildFolder(program.from, environment);
  if ((await readEntry(folder)) !== null) {
    const { version } = builds[program.from];
    return { found: { name, path: join(folder, name), version, from: 'cache' }, because: 'built once and cached' };
  }
  const elsewhere = passedOver.length === 0 ? `neither KUBEBUILDER_ASSETS nor PATH has it` : passedOver.join(', ');
  return { found: null, because: `${elsewhere}, and ${folder} does not hold it` };
}

async function named(program: Program, path: string): Promise<FoundProgram> {
  const version = (await isProgram(path)) ? await versionOf(path, program) : null;
  if (version !== null) return { name: program.name, path, version, from: 'environment' };
  throw new ShiplockError({
    code: 'SHIPLOCK_SERVER_OVERRIDE',
    message: `${program.variable}=${path} is no ${program.name} that can be run here`,
    mend: `unset ${program.variable}, or let it name the executable`,
  });
}

async function versionOf(path: string, program: Program): Promise<string | null> {
  const ended = await runProgram(path, program.asks ?? ['--version'], { timeoutMs: 20_000 });
  return program.version.exec(`${ended.output}\n${ended.errors}`)?.[1] ?? null;
}
