import { activityInfo, cancellationSignal, heartbeat, sleep } from '@temporalio/activity';
import type { SupervisorClient } from '../../infra/local/client.ts';
import type { RevisionStatus, ServiceStatus } from '../../infra/local/protocol.ts';
import { ShiplockError } from '../../src/errors.ts';
import { failure } from '../failure.ts';
import type { AwaitReadyRequest, Readiness, RevisionState, WorkloadActivities, WorkloadState } from './port.ts';
import { askSupervisor } from './supervisor.ts';

export interface LocalWorkloadOptions {
  readonly client: SupervisorClient;
}

const POLL_MS = 150;

/**
 * Revisions as processes of this machine, by asking the supervisor of the embedded stack.
 *
 * @example `const activities = { ...localWorkload({ client: connectSupervisor() }) };`
 */
export function localWorkload({ client }: LocalWorkloadOptions): WorkloadActivities {
  return {
    describeWorkload: async ({ service }) => {
      const status = await askSupervisor(() => unlessUnknown(client.service(service)));
      return status ? describe(status) : { stable: null, canary: null, weights: {}, revisions: [] };
    },
    startRevision: async ({ service, version, target, fence }) => {
      if (target.platform !== 'local') throw foreign(target.platform);
      const { platform: _, ...spec } = target;
      await askSupervisor(() => client.putRevision(service, version, { ...spec, fence, key: effectKey(version) }));
    },
    scaleRevisions: async () => {
      throw foreign('scaled');
    },
    startBaseline: async ({ service, version, ...request }) => {
      await askSupervisor(() => client.putBaseline(service, version, { ...request, key: effectKey(version) }));
    },
    awaitReady: (request) => awaitReady(client, request),
    removeRevision: async ({ service, version, fence }) => {
      await askSupervisor(() =>
        unlessUnknown(client.deleteRevision(service, version, { fence, key: effectKey(version) })),
      );
    },
    setRoles: async ({ service, stable, canary, fence }) => {
      const key = effectKey(`${stable ?? '-'}+${canary ?? '-'}`);
      await askSupervisor(() => client.putRoles(service, { stable, canary, fence, key }));
    },
  };
}

/** A release's fencing number, for its admission: the same holder gets the same one again. */
export async function acquireFence(client: SupervisorClient, service: string, holder: string): Promise<number> {
  return (await askSupervisor(() => client.grantFence(service, { holder }))).fence;
}

/** A plan never asks for it: the processes of a revision are as many as its target says. */
function foreign(what: string): Error {
  const message = `the embedded platform has no workload that is ${what}`;
  return failure({ code: 'SHIPLOCK_LOCAL_REQUEST_INVALID', message }, { retry: 'never' });
}

async function awaitReady(client: SupervisorClient, request: AwaitReadyRequest): Promise<Readiness> {
  const deadline = request.sinceMs + request.deadlineMs;
  for (;;) {
    const { ready, because } = await look(client, request);
    if (ready || Date.now() >= deadline) return { ready, because };
    heartbeat(because);
    await sleep(Math.max(1, Math.min(POLL_MS, deadline - Date.now())));
  }
}

/** A supervisor that is just being brought back is no reason to give up before the deadline. */
async function look(client: SupervisorClient, { service, version, sinceMs }: AwaitReadyRequest): Promise<Readiness> {
  cancellationSignal().throwIfAborted();
  try {
    const { revisions } = await client.service(service);
    const revision = revisions.find((candidate) => candidate.version === version);
    if (!revision) return { ready: false, because: `there is no revision ${version} of ${service}` };
    const { replicas, ready, because } = describeRevision(revision);
    const seconds = ((Date.now() - sinceMs) / 1000).toFixed(1);
    const counted = `${ready} of ${replicas} replicas ready after ${seconds} s`;
    return { ready: ready >= replicas, because: because === '' ? counted : `${counted}: ${because}` };
  } catch (error) {
    if (error instanceof ShiplockError) return { ready: false, because: error.message };
    throw error;
  }
}

function describe({ stable, canary, weights, revisions }: ServiceStatus): WorkloadState {
  return { stable, canary, weights, revisions: revisions.map(describeRevision) };
}

function describeRevision({ version, replicas, instances }: RevisionStatus): RevisionState {
  const ready = instances.filter(({ state }) => state === 'ready').length;
  const restarts = instances.reduce((sum, instance) => sum + instance.restarts, 0);
  const because = instances.find(({ state }) => state !== 'ready')?.because ?? '';
  return { version, replicas, ready, restarts, because };
}

/** What the supervisor has never heard of has nothing running, and nothing to remove. */
async function unlessUnknown<Value>(asked: Promise<Value>): Promise<Value | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ShiplockError && error.code === 'SHIPLOCK_LOCAL_SERVICE_UNKNOWN') return null;
    throw error;
  }
}

/** Names the effect in the journal: the same for every attempt, also after the worker died. */
function effectKey(what: string): string {
  const { workflowExecution, activityType } = activityInfo();
  return `${workflowExecution?.workflowId}/${activityType}/${what}`;
}
