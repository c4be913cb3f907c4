import type { Deb, Jars, Wheel } from '../pins.ts';
import { debian } from './debian.ts';
import { maven } from './maven.ts';
import { pypi } from './pypi.ts';
import type { Source } from './source.ts';

export type { Source } from './source.ts';
export { vendor } from './vendor.ts';

/** The registry that has a pinned file, and the way this machine reaches it. */
export function registry(file: Wheel | Deb | Jars, environment: NodeJS.ProcessEnv): Promise<Source> {
  switch (file.kind) {
    case 'wheel':
      return pypi(file, environment);
    case 'deb':
      return debian(file, environment);
    case 'jars':
      return maven(file, environment);
  }
}
