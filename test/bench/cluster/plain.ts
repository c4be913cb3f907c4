/** What everything is compared with: one write of the two weights, by the engine's own connection. */
import { connect } from '../../../activities/kubernetes/connection.ts';
import type { TestCluster } from '../../cluster/support/index.ts';

/** Milliseconds of each of so many merge patches of a VirtualService, one after another. */
export function plainWrites(cluster: TestCluster, name: string): (count: number) => Promise<number[]> {
  const { namespace, kubeconfig, context } = cluster;
  const access = { kubeconfig, context, namespaces: [namespace] };
  const connection = connect('bench', access, { signal: () => undefined });
  const path = `/apis/networking.istio.io/v1/namespaces/${namespace}/virtualservices/${name}`;
  const attempted = { cluster: 'bench', verb: 'patch', resource: 'virtualservices', namespace, name };
  const write = (weight: number) => {
    const to = (host: string, share: number) => ({ destination: { host }, weight: share });
    const route = [to(`${name}-stable`, 100 - weight), to(`${name}-canary`, weight)];
    const body = { spec: { http: [{ name: 'primary', route }] } };
    return connection.send({ method: 'PATCH', path, contentType: 'application/merge-patch+json', body, attempted });
  };
  let made = 0;
  return async (count) => {
    const taken: number[] = [];
    for (let n = 0; n < count; n += 1) {
      const began = performance.now();
      made += 1;
      await write(made % 2 === 0 ? 0 : 25);
      taken.push(performance.now() - began);
    }
    return taken;
  };
}
