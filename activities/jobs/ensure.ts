/** One Job for one reading, whoever asks for it and however often. */
import { failure } from '../failure.ts';
import { isConflict, JOBS, type KubernetesClient } from '../kubernetes/index.ts';
import type { Job } from './ending.ts';
import { ASKED_BY_ANNOTATION, earlierReading, jobName, jobOf, READING_ANNOTATION } from './manifest.ts';
import type { RunKubernetesJobRequest } from './port.ts';

/** Whether it is the Job of this reading, and not one that somebody else named so. */
export const isOf = ({ metadata }: Job, key: string): boolean => metadata.annotations?.[READING_ANNOTATION] === key;

/**
 * The Job that this activity created, at this attempt or an earlier one, or creates now. One that an activity before it
 * left, for it was cancelled, is ended first.
 *
 * @param askedBy names the activity: the same for all of its attempts
 * @param known the uid of the Job that an earlier attempt followed
 * @returns `gone`: somebody deleted the Job that an earlier attempt followed; `later`: another one of the name is going
 * @throws as the client does, and SHIPLOCK_KUBERNETES_NAME_TAKEN (not retried)
 */
export async function ensureJob(
  client: KubernetesClient,
  request: RunKubernetesJobRequest,
  { askedBy, known }: { readonly askedBy: string; readonly known: string | null },
): Promise<Job | 'gone' | 'later'> {
  const { namespace, service, reading } = request;
  const reference = { type: JOBS, namespace, name: jobName(service, reading) };
  const found = await client.get<Job>(reference);
  if (found && !isOf(found, reading.key)) throw taken(reference.name, namespace);
  if (found && isAskedBy(found, askedBy) && !found.metadata.deletionTimestamp) return found;
  if (known !== null) return 'gone';
  if (found) {
    const { uid, deletionTimestamp } = found.metadata;
    if (!deletionTimestamp) await client.remove(reference, uid ? { uid } : {});
    return 'later';
  }
  try {
    return await client.create<Job>(JOBS, namespace, jobOf(request, askedBy));
  } catch (error) {
    // Another attempt was faster.
    if (isConflict(error)) return 'later';
    throw error;
  }
}

export const isAskedBy = ({ metadata }: Job, askedBy: string): boolean =>
  metadata.annotations?.[ASKED_BY_ANNOTATION] === askedBy;

/** Ended Jobs of a metric that is read often would fill the namespace before their time is up. */
export async function removeOlder(
  client: KubernetesClient,
  { namespace, service, reading, kept }: RunKubernetesJobRequest,
): Promise<void> {
  const old = earlierReading(reading, kept);
  if (old) await client.remove({ type: JOBS, namespace, name: jobName(service, old) });
}

function taken(name: string, namespace: string): Error {
  return failure(
    {
      code: 'SHIPLOCK_KUBERNETES_NAME_TAKEN',
      message: `the Job ${name} of namespace ${namespace} is not that of this reading`,
      mend: 'look at who made it, and delete it',
    },
    { retry: 'never' },
  );
}
