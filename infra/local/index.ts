/** The embedded stack: Temporal, Envoy, Prometheus and the supervisor of real processes, on one machine. */
export { type ConnectOptions, connectSupervisor, prometheusAddress, type SupervisorClient } from './client.ts';
export { type EnsureOptions, ensureStack } from './ensure.ts';
export { readDefinitions } from './flags/read.ts';
export { resolveHome } from './home.ts';
export type { InstanceStatus, RevisionStatus, ServerStatus, ServiceStatus, StackStatus } from './protocol.ts';
export { stackStatus } from './status.ts';
export { stopStack } from './stop.ts';
