import { failure } from '../failure.ts';
import { isConflict, type KubernetesClient } from './client.ts';
import { SERVICE_LABEL } from './names.ts';
import { CONFIG_MAPS, type KubernetesObject, type ObjectReference } from './types.ts';

/** A service of a release, which need not be called as any Service of the cluster. */
export interface ServiceAt {
  readonly namespace: string;
  readonly service: string;
}

/** Who may write for a service, and which of its versions has which role. The ConfigMap `shiplock-SERVICE`. */
export interface Lease {
  /** The highest fencing number seen; 0: none yet. */
  readonly fence: number;
  /** Releases that took a number, latest last. */
  readonly holders: readonly { readonly holder: string; readonly fence: number }[];
  /** Versions. */
  readonly stable: string | null;
  readonly canary: string | null;
  /** Versions that were stable, each once, the latest last. */
  readonly history: readonly string[];
}

/** A release counts on within its thousand, as on the embedded platform. */
const FENCE_STRIDE = 1000;
/** Releases whose number is remembered, so that each asks again and gets the same. */
const HOLDERS_KEPT = 64;
/** More than any rollback window of use. */
const HISTORY_KEPT = 64;
const ATTEMPTS = 8;

interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** `null`: no release has been here. */
export async function readLease(client: KubernetesClient, at: ServiceAt): Promise<Lease | null> {
  const stored = await client.get<ConfigMap>(referenceOf(at));
  return stored && leaseOf(stored);
}

/** The next number of a service, for its admission: the same holder gets the same one again. */
export async function acquireFence(client: KubernetesClient, at: ServiceAt, holder: string): Promise<number> {
  const held = (lease: Lease) => lease.holders.find((candidate) => candidate.holder === holder);
  const granted = await changeLease(client, at, (lease) => {
    if (held(lease)) return lease;
    const fence = (Math.floor(lease.fence / FENCE_STRIDE) + 1) * FENCE_STRIDE;
    return { ...lease, fence, holders: [...lease.holders, { holder, fence }].slice(-HOLDERS_KEPT) };
  });
  return held(granted)?.fence ?? granted.fence;
}

/**
 * Makes all writes with lower numbers stale.
 *
 * @param looked is told as soon as the lease shows no higher number
 * @throws SHIPLOCK_FENCE_STALE (not retried) where a higher number was seen
 */
export function raiseFence(
  client: KubernetesClient,
  at: ServiceAt,
  fence: number,
  looked: (lease: Lease) => void = () => undefined,
): Promise<Lease> {
  return changeLease(client, at, (lease) => {
    const now = raised(lease, at, fence);
    looked(now);
    return now;
  });
}

/** @throws SHIPLOCK_FENCE_STALE (not retried) where a higher number was seen */
export function writeRoles(
  client: KubernetesClient,
  at: ServiceAt,
  { fence, stable, canary }: Pick<Lease, 'fence' | 'stable' | 'canary'>,
): Promise<Lease> {
  return changeLease(client, at, (lease) => {
    const now = raised(lease, at, fence);
    if (now.stable === stable && now.canary === canary) return now;
    return { ...now, stable, canary, history: remembered(now, stable) };
  });
}

function remembered({ history, stable: before }: Lease, stable: string | null): readonly string[] {
  const known = [...history, before, stable].filter((version) => version !== null);
  return known.filter((version, index) => known.lastIndexOf(version) === index).slice(-HISTORY_KEPT);
}

/** A writer with a lower number belongs to a time that is over. */
export function stale(what: string, fence: number, seen: number): Error {
  const message = `fence ${fence} is lower than ${seen}, which ${what} has seen: a later writer is at work`;
  return failure({ code: 'SHIPLOCK_FENCE_STALE', message }, { retry: 'never' });
}

function raised(lease: Lease, at: ServiceAt, fence: number): Lease {
  if (lease.fence > fence) throw stale(`the lease of ${at.service}`, fence, lease.fence);
  return lease.fence === fence ? lease : { ...lease, fence };
}

const NOTHING: Lease = { fence: 0, holders: [], stable: null, canary: null, history: [] };

/** Compare and set; the same lease object means that nothing is written. */
async function changeLease(client: KubernetesClient, at: ServiceAt, change: (lease: Lease) => Lease): Promise<Lease> {
  const { namespace } = at;
  for (let attempt = 1; ; attempt += 1) {
    const stored = await client.get<ConfigMap>(referenceOf(at));
    const before = stored ? leaseOf(stored) : NOTHING;
    const after = change(before);
    if (after === before) return before;
    try {
      if (stored) await client.replace(CONFIG_MAPS, namespace, { ...stored, data: dataOf(after) });
      else await client.create(CONFIG_MAPS, namespace, { ...emptyOf(at), data: dataOf(after) });
      return after;
    } catch (error) {
      if (attempt === ATTEMPTS || !isConflict(error)) throw error;
    }
  }
}

function referenceOf({ namespace, service }: ServiceAt): ObjectReference {
  return { type: CONFIG_MAPS, namespace, name: `shiplock-${service}` };
}

function emptyOf({ service }: ServiceAt): ConfigMap {
  const labels = { [SERVICE_LABEL]: service, 'app.kubernetes.io/managed-by': 'shiplock' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `shiplock-${service}`, labels } };
}

function dataOf({ fence, holders, stable, canary, history }: Lease): Record<string, string> {
  return {
    fence: `${fence}`,
    holder: holders.at(-1)?.holder ?? '',
    holders: JSON.stringify(holders),
    ...(stable !== null && { stable }),
    ...(canary !== null && { canary }),
    ...(history.length > 0 && { history: JSON.stringify(history) }),
  };
}

function leaseOf({ data = {}, metadata }: ConfigMap): Lease {
  const fence = Number(data.fence ?? '0');
  try {
    const holders = JSON.parse(data.holders ?? '[]') as Lease['holders'];
    const history = JSON.parse(data.history ?? '[]') as Lease['history'];
    if (!Number.isSafeInteger(fence) || !Array.isArray(holders) || !Array.isArray(history))
      throw new Error('no number, or no list');
    return { fence, holders, stable: data.stable ?? null, canary: data.canary ?? null, history };
  } catch (cause) {
    throw failure(
      {
        code: 'SHIPLOCK_KUBERNETES_LEASE',
        message: `ConfigMap ${metadata.namespace}/${metadata.name} is no lease: somebody else wrote it`,
        mend: 'put its data back, or delete it while no release of the service is open',
        cause,
      },
      { retry: 'never' },
    );
  }
}
