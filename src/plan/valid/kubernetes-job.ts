/** A metric's Job in a compiled plan. */
import { z } from 'zod';
import { jobAnnotations, jobLabels, jobSpec } from '../argo/providers/kubernetes-job.ts';
import { strayRevisions } from '../job-spec.ts';
import { MAX_DURATION_MS, MAX_JOB_BYTES } from '../limits.ts';
import type { JsonObject } from '../target.ts';
import { isPlainJson } from './json.ts';

const spec = z
  .custom<JsonObject>(
    (value) => isPlainJson(value, MAX_JOB_BYTES),
    `expected a JobSpec of at most ${MAX_JOB_BYTES} bytes`,
  )
  .refine((value) => jobSpec.safeParse(value).success, 'expected a JobSpec (batch/v1) with containers and images');

export const kubernetesJob = z
  .strictObject({
    kind: z.literal('kubernetesJob'),
    metadata: z.strictObject({ labels: jobLabels.optional(), annotations: jobAnnotations.optional() }).optional(),
    spec,
    timeoutMs: z.int().min(1_000).max(MAX_DURATION_MS),
  })
  .refine(
    (job) => job.spec?.activeDeadlineSeconds === job.timeoutMs / 1_000,
    'expected activeDeadlineSeconds to be the timeout',
  )
  .refine((job) => job.spec?.ttlSecondsAfterFinished != null, 'expected ttlSecondsAfterFinished')
  .refine((job) => strayRevisions(job).length === 0, 'expected no revision outside of words, variables and metadata');
