import type { ImagePlan } from '../../src/plan/plan.ts';
import { failure } from '../failure.ts';

/** A repository, cut into what its registry is asked with. */
export interface Repository {
  /** As builders take it, the registry always named: `docker.io/credlink/api`. */
  readonly name: string;
  /** As `docker login` names it: `docker.io`, `registry.example:5000`. */
  readonly registry: string;
  /** Where the registry's HTTP API is, for example `https://registry.example:5000`. */
  readonly origin: string;
  /** Within the registry, for example `credlink/api`. */
  readonly path: string;
  /** Plain HTTP, on a loopback address. */
  readonly insecure: boolean;
}

const HOST = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::\d{1,5})?$/i;
/** One component of a path, as the distribution specification has it. */
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const LONGEST = 255;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/**
 * Reads a repository as every builder does: a first part with a dot, a colon, or `localhost` names the registry; without
 * one it is Docker Hub.
 *
 * @example parseRepository({ repository: 'localhost:5000/credlink/api', insecure: true }).origin // 'http://localhost:5000'
 * @throws SHIPLOCK_IMAGE_REPOSITORY (not retried) for what is no repository, and for plain HTTP beyond loopback
 */
export function parseRepository({ repository, insecure }: Pick<ImagePlan, 'repository' | 'insecure'>): Repository {
  const [first = '', ...rest] = repository.split('/');
  const namesHost = rest.length > 0 && (first === 'localhost' || /[.:]/.test(first));
  const host = namesHost ? first : 'docker.io';
  const components = namesHost ? rest : [first, ...rest];
  const isKnown = HOST.test(host) && components.every((component) => COMPONENT.test(component));
  if (!isKnown || repository.length > LONGEST) {
    throw refused(`"${repository}" is no repository`, 'write it without tag and digest: registry.example/credlink/api');
  }
  if (insecure && !isLoopback(host)) {
    throw refused(`${host} is not on this machine, so it is not spoken to over plain HTTP`, 'leave out `insecure`');
  }
  const isHub = host === 'docker.io';
  const path = (isHub && components.length === 1 ? ['library', ...components] : components).join('/');
  const origin = `${insecure ? 'http' : 'https'}://${isHub ? 'registry-1.docker.io' : host}`;
  return { name: `${host}/${path}`, registry: host, origin, path, insecure };
}

/** @param host with or without its port */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

function refused(message: string, mend: string) {
  return failure({ code: 'SHIPLOCK_IMAGE_REPOSITORY', message, mend }, { retry: 'never' });
}
