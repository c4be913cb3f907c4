/** A real Kubernetes API with played nodes and pods, for tests; see docs/test-cluster.md. */

export { resolveHome } from './home.ts';
export { clusterEnvironment, runInside } from './inside.ts';
export { findProgram, obtainProgram } from './programs/index.ts';
export { CONTEXT, POD_RANGE } from './protocol.ts';
export { CRASHING, NOT_STARTED, PLAYED } from './stages/annotations.ts';
export { type StartOptions, startCluster } from './start.ts';
export { type ClusterStatus, clusterStatus, type Server, serverOf } from './status.ts';
export { stopCluster } from './stop.ts';
