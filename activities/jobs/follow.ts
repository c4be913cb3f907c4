/** Follows a metric's Job to its end. */
import { CancelledFailure, Context, sleep } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { jobText } from '../../src/plan/job-spec.ts';
import { sentence } from '../failure.ts';
import {
  EVENTS,
  hasCode,
  JOBS,
  type KubernetesClient,
  type KubernetesObject,
  labelSelector,
  PODS,
} from '../kubernetes/index.ts';
import type { Reading } from '../metrics/port.ts';
import { elsewhereOnShutdown } from '../shutdown.ts';
import type { Pod } from '../workload/kubernetes/pod.ts';
import { type End, endOf, hasEnded, isAtWork, type Job, whyNotAtWork } from './ending.ts';
import { ensureJob, isAskedBy, removeOlder } from './ensure.ts';
import { jobName } from './manifest.ts';
import type { KubernetesJobReport, RunKubernetesJobRequest } from './port.ts';

/** As Argo's (`metricproviders/job/job.go`, Resume): the longer it runs, the longer between two looks; here at most so long. */
const LONGEST_MS = 5_000;
const FIRST_MS = 250;
/** Below the 5 s after which a silent worker counts as dead, also while an API server hangs. */
const PULSE_MS = 1_000;

/** How one connection asks, and one that goes on where the activity is cancelled. */
interface Clients {
  readonly client: KubernetesClient;
  readonly ending: KubernetesClient;
}

/** What is followed: its Job once there is one, and what was last seen of it. */
interface Followed {
  job: Job | null;
  /** What holds its pods up; empty: nothing, or nobody knows. */
  seen: string;
  /** Why the last look saw nothing at all. */
  unseen: string | null;
}

type Outcome = End | { readonly error: string };

export function follow({ client, ending }: Clients, request: RunKubernetesJobRequest): Promise<Reading> {
  return elsewhereOnShutdown('the Job ran', async () => {
    const context = Context.current();
    const followed: Followed = { job: null, seen: '', unseen: null };
    const pulse = setInterval(() => context.heartbeat(followed.job?.metadata.uid ?? knownOf(context)), PULSE_MS);
    try {
      return await readingOf(client, ending, request, followed);
    } catch (error) {
      // Only where the release wants it no more: a worker that stops, or lost its turn, leaves it to another one.
      if (context.cancellationDetails?.cancelRequested) await endJob(ending, request);
      throw error;
    } finally {
      clearInterval(pulse);
    }
  });
}

async function readingOf(
  client: KubernetesClient,
  ending: KubernetesClient,
  request: RunKubernetesJobRequest,
  followed: Followed,
): Promise<Reading> {
  const { cluster, namespace, service, reading, job } = request;
  const at = new Date().toISOString();
  const name = jobName(service, reading);
  const outcome = await outcomeOf(client, request, followed);
  // What has not ended would run on for nothing.
  if (followed.job && !hasEnded(followed.job)) await endJob(ending, request);
  const said = { at, address: `${cluster}/${namespace}/${name}`, query: jobText(job), window: '', beside: '' };
  if ('error' in outcome) return { ...said, raw: '', error: outcome.error };
  const report: KubernetesJobReport = { ...outcome, because: `${outcome.because}; Job ${name}`, job: name };
  return { ...said, raw: JSON.stringify(report), error: null };
}

/** Looks again and again; an API server that cannot be asked for a while is no reason to give up. */
async function outcomeOf(
  client: KubernetesClient,
  request: RunKubernetesJobRequest,
  followed: Followed,
): Promise<Outcome> {
  const { info } = Context.current();
  const until = info.scheduledTimestampMs + request.deadlineMs;
  for (;;) {
    try {
      const outcome = await look(client, request, followed);
      followed.unseen = null;
      if (outcome) return outcome;
    } catch (error) {
      if (error instanceof CancelledFailure || !(error instanceof ApplicationFailure)) throw error;
      if (error.nonRetryable || hasCode(error, 'SHIPLOCK_KUBERNETES_QUOTA')) return { error: sentence(error) };
      followed.unseen = sentence(error);
    }
    const now = Date.now();
    if (now >= until) return tooLate(followed);
    await sleep(Math.min(pauseAt(now - info.scheduledTimestampMs), until - now));
  }
}

const pauseAt = (elapsedMs: number): number =>
  Math.max(FIRST_MS, Math.min(LONGEST_MS, 1_000 * Math.sqrt(2 * (elapsedMs / 1_000))));

async function look(
  client: KubernetesClient,
  request: RunKubernetesJobRequest,
  followed: Followed,
): Promise<Outcome | null> {
  const { namespace, service, reading } = request;
  if (followed.job === null) {
    const ensured = await ensureJob(client, request, { askedBy: askerOf(), known: knownOf(Context.current()) });
    if (ensured === 'gone') return gone(request);
    if (ensured === 'later') return null;
    followed.job = ensured;
    Context.current().heartbeat(followed.job.metadata.uid);
    await removeOlder(client, request).catch(() => {
      // It goes by itself once its time is up.
    });
  }
  const found = await client.get<Job>({ type: JOBS, namespace, name: jobName(service, reading) });
  if (!found || found.metadata.uid !== followed.job.metadata.uid || found.metadata.deletionTimestamp)
    return gone(request);
  followed.job = found;
  const pods = hasEnded(found) || !isAtWork(found) ? await podsOf(client, namespace, found) : [];
  if (!hasEnded(found)) {
    followed.seen = pods.length > 0 ? whyNotAtWork(pods) : await whyNoPods(client, namespace, found, followed.seen);
  }
  return endOf(found, pods, followed.seen);
}

/** The uid of the Job that an attempt before this one followed. */
function knownOf({ info }: Context): string | null {
  const details: unknown = info.heartbeatDetails;
  return typeof details === 'string' ? details : null;
}

async function podsOf(client: KubernetesClient, namespace: string, { spec }: Job): Promise<readonly Pod[]> {
  const selected = spec?.selector?.matchLabels;
  return selected ? client.list<Pod>(PODS, namespace, { labelSelector: labelSelector(selected) }) : [];
}

/** A quota or an admission rule that refuses pods is told by events alone. Who may not read them does without. */
async function whyNoPods(client: KubernetesClient, namespace: string, job: Job, before: string): Promise<string> {
  if (isAtWork(job)) return '';
  const fieldSelector = `involvedObject.uid=${job.metadata.uid},reason=FailedCreate`;
  try {
    const events = await client.list<KubernetesObject & { message?: string }>(EVENTS, namespace, { fieldSelector });
    const { message } = events.at(-1) ?? {};
    return message === undefined ? before : `pods cannot be created: ${message}`;
  } catch (error) {
    if (hasCode(error, 'SHIPLOCK_KUBERNETES_FORBIDDEN')) return before;
    throw error;
  }
}

function tooLate({ job, seen, unseen }: Followed): Outcome {
  if (unseen !== null) return { error: `how the Job ended is not known: ${unseen}` };
  if (job === null) return { error: 'no Job could be created in time' };
  const last = seen === '' ? '' : `, last seen: ${seen}`;
  return { end: 'timedOut', exitCode: null, because: `ran out of time, and was ended${last}`, attempts: 1 };
}

function gone({ namespace, service, reading }: RunKubernetesJobRequest): Outcome {
  return { error: `the Job ${jobName(service, reading)} of namespace ${namespace} is gone: somebody deleted it` };
}

/** That of this activity, with its pods, also where its creation was not answered; else its own deadline ends it. */
async function endJob(
  client: KubernetesClient,
  { namespace, service, reading }: RunKubernetesJobRequest,
): Promise<void> {
  const reference = { type: JOBS, namespace, name: jobName(service, reading) };
  try {
    const job = await client.get<Job>(reference);
    const { uid } = job?.metadata ?? {};
    if (job && uid && !hasEnded(job) && isAskedBy(job, askerOf())) await client.remove(reference, { uid });
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
  }
}

/** The activity, whichever attempt. */
function askerOf(): string {
  const { info } = Context.current();
  return `${info.workflowExecution?.runId}/${info.activityId}`;
}
