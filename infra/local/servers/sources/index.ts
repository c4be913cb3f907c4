import type { RegistryFile } from '../pins.ts';
import { debian } from './debian.ts';
import { maven } from './maven.ts';
import { npm } from './npm.ts';
import { pypi } from './pypi.ts';
import type { Source } from './source.ts';

export type { Source } from './source.ts';
export { vendor } from './vendor.ts';

/** The mirror a person named for a file's registry; undefined where none is named. */
export function mirrorOf(file: RegistryFile, environment: NodeJS.ProcessEnv): string | undefined {
  const variable = {
    wheel: 'SHIPLOCK_PYPI',
    deb: 'SHIPLOCK_DEBIAN',
    jars: 'SHIPLOCK_MAVEN',
    npm: 'SHIPLOCK_NPM',
  }[file.kind];
  return environment[variable] || undefined;
}

/** The registry that has a pinned file, and the way this machine reaches it. */
export function registry(file: RegistryFile, environment: NodeJS.ProcessEnv): Promise<Source> {
  const mirror = mirrorOf(file, environment);
  switch (file.kind) {
    case 'wheel':
      return pypi(file, mirror, environment);
    case 'deb':
      return debian(file, mirror, environment);
    case 'jars':
      return maven(file, mirror, environment);
    case 'npm':
      return npm(file, mirror, environment);
  }
}
