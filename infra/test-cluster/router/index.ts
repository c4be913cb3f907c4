/** A real router and real processes behind it, for a namespace of the test cluster. */
export { type Follower, followPods } from './follower.ts';
export { type Place, type Router, startTraefik } from './traefik.ts';
