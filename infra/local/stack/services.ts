import { isDeepStrictEqual } from 'node:util';
import type { Fenced, FenceGrant, PutBaseline, PutRevision, PutRoles, PutWeights, ServiceStatus } from '../protocol.ts';
import type { Fleet } from './fleet.ts';
import { choosePort } from './ports.ts';
import { Refused, uphold } from './refuse.ts';
import {
  canonicalWeights,
  nextFence,
  partialWeights,
  ruleChange,
  ruleCount,
  ruleFence,
  ruleRemoval,
  ruleWeights,
} from './rules.ts';
import type { RevisionSpec, ServiceRecord, StateStore } from './state.ts';
import { mostRevisions } from './watches.ts';

/**
 * What may be asked of the services. Writes of one service happen one after the other, in the order in which they
 * came; each is ruled on, stored, done, and confirmed by Envoy where it concerns traffic. Refusals are `Refused`.
 */
export interface Services {
  all(): ServiceStatus[];
  status(service: string): ServiceStatus;
  grantFence(service: string, holder: string): Promise<FenceGrant>;
  putRevision(service: string, version: string, request: PutRevision): Promise<ServiceStatus>;
  putBaseline(service: string, version: string, request: PutBaseline): Promise<ServiceStatus>;
  deleteRevision(service: string, version: string, request: Fenced): Promise<ServiceStatus>;
  putWeights(service: string, request: PutWeights): Promise<ServiceStatus>;
  putRoles(service: string, request: PutRoles): Promise<ServiceStatus>;
}

/** Releases whose number is remembered, so that each asks again and gets the same. */
const HOLDERS_KEPT = 64;

export function openServices(store: StateStore, fleet: Fleet, most: number | null = mostRevisions()): Services {
  const turns = new Map<string, Promise<unknown>>();
  const inTurn = <Result>(service: string, work: () => Promise<Result>): Promise<Result> => {
    const mine = (turns.get(service) ?? Promise.resolve()).then(work);
    const settled = mine.catch(() => undefined);
    turns.set(service, settled);
    return mine;
  };

  /** A refusal for another reason must not make the number forgotten, so it is stored by itself, and first. */
  const admit = async (service: string, { fence }: Fenced) => {
    const seen = fleet.record(service).fence;
    uphold(ruleFence(seen, fence));
    if (fence === seen) return;
    await fleet.change(service, (record) => {
      record.fence = fence;
      return null;
    });
  };

  const ensureService = async (service: string): Promise<string> => {
    if (!store.read().services[service]) {
      const port = await choosePort(null, fleet.ports());
      const preview = await choosePort(null, fleet.ports());
      await store.commit((draft) => {
        draft.services[service] = emptyService(port, preview);
        return null;
      });
      fleet.prepareRoutes();
    }
    return fleet.showListeners();
  };

  /** What runs another command than is wanted is ended before that is stored: nobody adopts it as the new one. */
  const makeWay = async (service: string, version: string, before: RevisionSpec, spec: RevisionSpec) => {
    const otherwiseSame = isDeepStrictEqual({ ...before, replicas: spec.replicas }, spec);
    const change = { replicasBefore: before.replicas, replicas: spec.replicas, otherwiseSame };
    uphold(ruleChange(version, fleet.record(service).weights, change));
    if (!otherwiseSame) await fleet.stop(service, version);
  };

  const grantFence = async (service: string, holder: string): Promise<FenceGrant> => {
    mustBeLive(await ensureService(service));
    const held = fleet.record(service).holders.find((candidate) => candidate.holder === holder);
    if (held) return { fence: held.fence };
    const fence = nextFence(fleet.record(service).fence);
    await fleet.change(service, (record) => {
      record.fence = fence;
      record.holders = [...record.holders, { holder, fence }].slice(-HOLDERS_KEPT);
      return { key: holder, effect: 'fence', service, fence };
    });
    return { fence };
  };

  const putRevision = async (service: string, version: string, { fence, key, ...spec }: PutRevision) => {
    const listening = await ensureService(service);
    await admit(service, { fence, key });
    return run(service, version, spec, key, listening);
  };

  const putBaseline = async (service: string, version: string, { fence, key, ...asked }: PutBaseline) => {
    const listening = await ensureService(service);
    await admit(service, { fence, key });
    const original = fleet.record(service).revisions[asked.of];
    if (!original || original.removing || original.spec.baseline)
      throw new Refused('SHIPLOCK_LOCAL_REQUEST_INVALID', `there is no revision ${asked.of} of ${service} to copy`);
    const baseline = { of: asked.of, service: asked.baselineService };
    return run(service, version, { ...original.spec, replicas: asked.replicas, baseline }, key, listening);
  };

  const run = async (service: string, version: string, spec: RevisionSpec, key: string, listening: string) => {
    const before = fleet.record(service).revisions[version];
    if (before?.removing) throw new Refused('SHIPLOCK_LOCAL_NOT_READY', `${version} is just being removed`);
    if (before) await makeWay(service, version, before.spec, spec);
    else uphold(ruleCount(countOf(fleet), most));
    try {
      await fleet.change(service, (record) => {
        record.revisions[version] = { spec, removing: false };
        return { key, effect: before ? 'changeRevision' : 'startRevision', service, version };
      });
    } finally {
      fleet.start(service, version);
    }
    await fleet.scale(service, version, spec.replicas);
    const live = listening || (await fleet.showClusters());
    await fleet.showPreview(service);
    mustBeLive(live);
    return fleet.status(service);
  };

  /** @returns what is still to be waited for. */
  const beginRemoval = async (service: string, version: string, request: Fenced): Promise<() => Promise<void>> => {
    await admit(service, request);
    if (!fleet.record(service).revisions[version]) return async () => undefined;
    uphold(ruleRemoval(version, fleet.record(service).weights));
    await fleet.change(service, (record) => {
      const revision = record.revisions[version];
      if (revision) revision.removing = true;
      return { key: request.key, effect: 'removeRevision', service, version };
    });
    await fleet.showPreview(service);
    const removed = fleet.retire(service, version);
    return () => removed;
  };

  const putWeights = async (service: string, { fence, key, weights, partial }: PutWeights) => {
    await admit(service, { fence, key });
    const from = fleet.record(service).weights;
    const facts = fleet.facts(service);
    const ruling = ruleWeights(from, weights, facts);
    if (ruling.allowed) return moveTraffic(service, key, weights);
    if (ruling.code !== 'SHIPLOCK_LOCAL_NOT_READY') throw new Refused(ruling.code, ruling.message);
    fleet.restore(service);
    if (!partial) throw new Refused(ruling.code, ruling.message);
    const moved = await moveTraffic(service, key, partialWeights(from, weights, facts));
    throw new Refused(ruling.code, `${ruling.message}; now ${JSON.stringify(moved.weights)}`);
  };

  const moveTraffic = async (service: string, key: string, weights: Readonly<Record<string, number>>) => {
    const from = fleet.record(service).weights;
    const to = canonicalWeights(weights);
    await fleet.change(service, (record) => {
      record.weights = to;
      return { key, effect: 'setWeights', service, from, to };
    });
    mustBeLive(await fleet.showRoute(service));
    return fleet.status(service);
  };

  const putRoles = async (service: string, { stable, canary, ...request }: PutRoles) => {
    await admit(service, request);
    await fleet.change(service, (record) => {
      record.stable = stable;
      record.canary = canary;
      return { key: request.key, effect: 'setRoles', service, stable, canary };
    });
    fleet.relabel(service);
    await fleet.showPreview(service);
    return fleet.status(service);
  };

  return {
    all: () => fleet.records().map(([service]) => fleet.status(service)),
    status: fleet.status,
    grantFence: (service, holder) => inTurn(service, () => grantFence(service, holder)),
    putRevision: async (service, version, request) => {
      await fleet.retiring(service, version);
      return inTurn(service, () => putRevision(service, version, request));
    },
    putBaseline: async (service, version, request) => {
      await fleet.retiring(service, version);
      return inTurn(service, () => putBaseline(service, version, request));
    },
    deleteRevision: async (service, version, request) => {
      const removed = await inTurn(service, () => beginRemoval(service, version, request));
      // Not in turn: its last requests may take seconds, and an abort must not stand behind them.
      await removed();
      return fleet.status(service);
    },
    putWeights: (service, request) => inTurn(service, () => putWeights(service, request)),
    putRoles: (service, request) => inTurn(service, () => putRoles(service, request)),
  };
}

function countOf(fleet: Fleet): number {
  return fleet.records().reduce((sum, [, { revisions }]) => sum + Object.keys(revisions).length, 0);
}

function emptyService(port: number, preview: number): ServiceRecord {
  return { port, preview, fence: 0, holders: [], stable: null, canary: null, weights: {}, revisions: {} };
}

function mustBeLive(because: string): void {
  if (because !== '') throw new Refused('SHIPLOCK_LOCAL_ROUTER', because);
}
