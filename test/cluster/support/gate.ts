import type { KubernetesClient, KubernetesClusters } from '../../../activities/kubernetes/index.ts';

/** Stops the first such request of a client before it is sent, or after it was answered, until the gate opens. */
export function gateOf(method: 'create' | 'jsonPatch', plural: string, side: 'before' | 'after' = 'after') {
  const { promise: reached, resolve: arrive } = Promise.withResolvers<void>();
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const wait = () => {
    arrive();
    return opened;
  };
  const wrapClient = (client: KubernetesClient): KubernetesClient => ({
    ...client,
    create: async (type, namespace, object) => {
      const stops = method === 'create' && type.plural === plural;
      if (stops && side === 'before') await wait();
      const created = await client.create(type, namespace, object);
      if (stops && side === 'after') await wait();
      return created;
    },
    jsonPatch: async (reference, operations, subresource) => {
      if (method === 'jsonPatch' && reference.type.plural === plural && side === 'before') await wait();
      return client.jsonPatch(reference, operations, subresource);
    },
  });
  const wrap = ({ client }: KubernetesClusters): KubernetesClusters => ({ client: (name) => wrapClient(client(name)) });
  return { reached, open, wrap };
}
