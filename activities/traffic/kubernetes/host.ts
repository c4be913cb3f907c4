/**
 * A host as Istio completes it, as `service.namespace`, whatever of `shop`, `shop.web`, `shop.web.svc`,
 * `shop.web.svc.cluster.local` it is; other hosts as they are.
 *
 * @param namespace of the object in which it stands
 */
export function completed(host: string, namespace: string): string {
  const labels = host.replace(/\.$/, '').split('.');
  const [service, second, third] = labels;
  if (labels.length === 1) return `${service}.${namespace}`;
  return labels.length === 2 || third === 'svc' ? `${service}.${second}` : labels.join('.');
}
