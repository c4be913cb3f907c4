/** What happened to the objects of a service, as the API server's watches tell it; the counterpart of `effects.ts`. */
import { REVISION_LABEL, ROLE_LABEL, VERSION_ANNOTATION } from '../../../activities/kubernetes/index.ts';
import type { ClusterObject, TestCluster } from '../../cluster/support/index.ts';
import { type Names, nameIn } from '../../cluster/support/names.ts';
import { eventsSince, resourceVersionOf } from '../../cluster/support/watched.ts';

/** Kinds that a release writes, and what it writes of each. */
const WATCHED = [
  ['v1', 'ConfigMap', leaseIn],
  ['v1', 'Service', selectedBy],
  ['apps/v1', 'ReplicaSet', revisionIn],
  ['gateway.networking.k8s.io/v1', 'HTTPRoute', weightsIn],
] as const;

/** @returns what to ask for what has happened since: a line for each change, in order. */
export async function recordJournal(
  cluster: TestCluster,
  service: string,
  names: Names,
): Promise<() => Promise<string[]>> {
  const from = await resourceVersionOf(cluster, 'v1', 'ConfigMap');
  const before = new Map<string, string | null>();
  for (const [apiVersion, kind, told] of WATCHED)
    for (const object of await cluster.list<ClusterObject>(apiVersion, kind))
      before.set(`${kind} ${object.metadata.name}`, told(object, service, names));
  return async () => {
    const events = await Promise.all(
      WATCHED.map(async ([apiVersion, kind, told]) => {
        const seen = await eventsSince<ClusterObject>(cluster, apiVersion, kind, from);
        return seen.map(({ type, object }) => ({
          name: `${kind} ${object.metadata.name}`,
          at: Number(object.metadata.resourceVersion),
          line: type === 'DELETED' ? null : told(object, service, names),
        }));
      }),
    );
    const now = new Map(before);
    const lines: string[] = [];
    // One store counts the versions of all objects.
    for (const { name, line } of events.flat().sort((one, other) => one.at - other.at)) {
      const was = now.get(name) ?? null;
      if (was === line) continue;
      now.set(name, line);
      lines.push(line ?? `${was?.split(':')[0]} is gone`);
    }
    return raisedFirst(lines);
  };
}

/** On the way back the weights are written beside raising the lease; whichever came first, it is told first. */
function raisedFirst(lines: readonly string[]): string[] {
  const isRaised = (line = '') => line.startsWith('lease: ') && !line.endsWith('canary -');
  const isBeside = (at: number) => lines[at] === 'route: 100/0' && isRaised(lines[at + 1]);
  return lines.map((line, at) => (isBeside(at) ? lines[at + 1] : isBeside(at - 1) ? lines[at - 1] : line) ?? line);
}

/** `null`: it is none that a release of this service writes. */
function leaseIn(object: ClusterObject, service: string): string | null {
  if (object.metadata.name !== `shiplock-${service}`) return null;
  const { fence, stable = '-', canary = '-' } = object.data as Record<string, string>;
  return `lease: ${fence}, stable ${stable}, canary ${canary}`;
}

function selectedBy({ metadata, spec }: ClusterObject, service: string, names: Names): string | null {
  if (!metadata.name.startsWith(`${service}-`)) return null;
  const { selector } = spec as { selector?: Record<string, string> };
  return `${nameIn(names, metadata.name)}: selects ${nameIn(names, selector?.[REVISION_LABEL] ?? 'all')}`;
}

function revisionIn({ metadata, spec }: ClusterObject, service: string): string | null {
  if (metadata.labels?.['shiplock.dev/service'] !== service) return null;
  const { replicas } = spec as { replicas: number };
  const version = metadata.annotations?.[VERSION_ANNOTATION];
  return `${version}: ${replicas} pods, ${metadata.labels[ROLE_LABEL] ?? 'no role'}`;
}

function weightsIn({ metadata, spec }: ClusterObject, service: string): string | null {
  if (metadata.name !== service) return null;
  const { rules } = spec as { rules: { backendRefs: { weight: number }[] }[] };
  return `route: ${rules.map(({ backendRefs }) => backendRefs.map(({ weight }) => weight).join('/')).join(' ')}`;
}
