/** What `npm run test:cluster -- --sample` runs: about five minutes that touch everything once. */
export const SAMPLE: readonly string[] = [
  'cluster.test.ts',
  'life.test.ts',
  'router.test.ts',
  'workload.test.ts',
  'traffic.test.ts',
  'manifests.test.ts',
  'permissions.test.ts',
  'rights.test.ts',
  'scenarios/istio-hosts.test.ts',
];
