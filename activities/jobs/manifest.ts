/** A metric's Job as it is created. Pure: table-tested. */
import { createHash } from 'node:crypto';
import type { KubernetesJob } from '../../src/plan/plan.ts';
import type { JsonObject } from '../../src/plan/target.ts';
import { SERVICE_LABEL } from '../kubernetes/index.ts';
import type { JobReading, RunKubernetesJobRequest } from './port.ts';

/** The release's first run. */
export const RELEASE_LABEL = 'shiplock.dev/release';
/** Which reading it is, whole. */
export const READING_ANNOTATION = 'shiplock.dev/reading';
/** The activity that asked for it: the same for all of its attempts, another one for the reading taken anew. */
export const ASKED_BY_ANNOTATION = 'shiplock.dev/asked-by';

/** A Job's pods have its name and an index or five letters behind it, within 63. */
const SLUG_LENGTH = 15;
const HASH_DIGITS = 10;

/**
 * `SERVICE-METRIC-NUMBER-HASH`: the same for every attempt at a reading, another one for every other reading. At most 53
 * characters (a number has ten digits at most).
 *
 * @example jobName('shop', { key: 'release-test-shop/f0…/step-2/smoke/1', metric: 'smoke', number: 1 }) // 'shop-smoke-1-3f9a…'
 */
export function jobName(service: string, { key, metric, number }: JobReading): string {
  const hash = createHash('sha256').update(key).digest('hex').slice(0, HASH_DIGITS);
  return [slug(service), slug(metric), `${number}`, hash].filter((part) => part !== '').join('-');
}

/** An earlier reading of the same metric; `null`: there was none. */
export function earlierReading({ key, metric, number }: JobReading, before: number): JobReading | null {
  if (number <= before) return null;
  return { key: `${key.slice(0, key.lastIndexOf('/'))}/${number - before}`, metric, number: number - before };
}

/**
 * The Job with the engine's labels on it and on its pods. It has no owner: it outlives the revision that it looked at, so
 * that a person can read what it said; its own deadlines end and remove it.
 */
export function jobOf(
  { service, reading, release, job }: Pick<RunKubernetesJobRequest, 'service' | 'reading' | 'release' | 'job'>,
  askedBy: string,
) {
  const own = { [SERVICE_LABEL]: service, [RELEASE_LABEL]: release, 'app.kubernetes.io/managed-by': 'shiplock' };
  const template = job.spec.template as { metadata?: Metadata | null; spec: JsonObject };
  const { metadata } = template;
  return {
    metadata: {
      name: jobName(service, reading),
      labels: { ...job.metadata?.labels, ...own },
      annotations: {
        ...job.metadata?.annotations,
        [READING_ANNOTATION]: reading.key,
        [ASKED_BY_ANNOTATION]: askedBy,
      },
    },
    spec: {
      ...job.spec,
      template: {
        metadata: {
          labels: { ...metadata?.labels, ...own },
          ...(metadata?.annotations && { annotations: metadata.annotations }),
        },
        spec: template.spec,
      },
    },
  };
}

type Metadata = NonNullable<KubernetesJob['metadata']>;

function slug(text: string): string {
  const dashed = text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return dashed.replace(/^-+/, '').slice(0, SLUG_LENGTH).replace(/-+$/, '');
}
