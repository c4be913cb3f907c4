import { type Connection, connect } from '../connection.ts';
import type { ClusterAccess } from '../credentials.ts';
import { type Look, lookAt, there, wrong } from './look.ts';

/** The chart's `kubeVersion`, and the oldest whose server-side behaviour is relied upon. */
const OLDEST_MINOR = 29;

/** Whether the API server answers, and is new enough. */
export function lookAtCluster(cluster: string, access: ClusterAccess): Promise<readonly Look[]> {
  const name = `cluster ${cluster}`;
  return lookAt(name, async () => {
    const { major, minor, gitVersion } = await versionOf(
      connect(cluster, access, { signal: () => undefined }),
      cluster,
    );
    // Some vendors write `29+`.
    const isOld = Number(major) < 1 || (Number(major) === 1 && Number.parseInt(minor, 10) < OLDEST_MINOR);
    if (!isOld) return there(name, `Kubernetes ${gitVersion} answers`);
    return wrong(name, `Kubernetes ${gitVersion} is older than 1.${OLDEST_MINOR}`, 'upgrade the cluster');
  });
}

interface Version {
  readonly major: string;
  readonly minor: string;
  readonly gitVersion: string;
}

async function versionOf({ send }: Connection, cluster: string): Promise<Version> {
  const attempted = { cluster, verb: 'get', resource: '/version', namespace: '' };
  return (await send({ method: 'GET', path: '/version', attempted })) as Version;
}
