import type { SupervisorClient } from '../../infra/local/client.ts';
import type { Whereabouts } from '../../src/plan/target.ts';
import { askSupervisor } from '../workload/supervisor.ts';
import type { Side } from './port.ts';

/** Where one side of a service is reached, and who answers there. */
export interface SideAddress {
  /** `http://127.0.0.1:PORT`. */
  readonly address: string;
  /** `null` where several versions share the traffic, or nothing answers. */
  readonly version: string | null;
}

export type SideOf = (where: Whereabouts, side: Side) => Promise<SideAddress>;

/** Both sides of a service on the embedded stack. */
export function localSides({ client }: { readonly client: SupervisorClient }): SideOf {
  return async ({ service }, side) => {
    const { address, preview, previewVersion, weights } = await askSupervisor(() => client.service(service));
    if (side === 'preview') return { address: preview, version: previewVersion };
    const [all] = Object.entries(weights).find(([, weight]) => weight === 100) ?? [];
    return { address, version: all ?? null };
  };
}
