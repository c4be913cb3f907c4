import type { SupervisorClient } from '../../infra/local/client.ts';
import { failure } from '../failure.ts';
import { askSupervisor } from '../workload/supervisor.ts';
import type { TrafficActivities } from './port.ts';

/**
 * Traffic through the embedded Envoy. The supervisor answers once Envoy itself shows the weights, so what is
 * returned is verified.
 *
 * @example `const activities = { ...localTraffic({ client: connectSupervisor() }) };`
 */
export function localTraffic({ client }: { readonly client: SupervisorClient }): TrafficActivities {
  return {
    setWeights: async ({ service, ...request }) => {
      const { weights } = await askSupervisor(() => client.putWeights(service, request));
      return { weights, verified: true };
    },
    setRoutes: async () => {
      const message = 'the embedded router has no header or mirror routes';
      throw failure({ code: 'SHIPLOCK_LOCAL_REQUEST_INVALID', message }, { retry: 'never' });
    },
  };
}
