/** A real router and real processes behind it, for a namespace of the test cluster. */
export { type Follower, followPods } from './follower.ts';
export { followVirtualService, type SplitRoutes, VIRTUAL_SERVICE } from './mesh.ts';
export { type Metrics, startMetrics } from './prometheus.ts';
export { type Place, type Router, startTraefik } from './traefik.ts';
