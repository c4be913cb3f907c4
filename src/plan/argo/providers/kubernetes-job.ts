/** Argo's `job` where the release runs in a cluster: a JobSpec (`batch/v1`, Kubernetes 1.37), every field known by name. */
import { z } from 'zod';
import { strayRevisions } from '../../job-spec.ts';
import { MAX_DURATION_MS, MAX_JOB_BYTES, MAX_JOB_PODS } from '../../limits.ts';
import type { KubernetesJob } from '../../plan.ts';
import { isPlaceholder, opaque, refused, text } from '../../shape/fields.ts';
import { isOwnLabel, LABEL_KEY, LABEL_VALUE } from '../../shape/labels.ts';
import type { JsonObject } from '../../target.ts';
import type { Placed } from './fields.ts';

/** Kubernetes has no bound by default; here every wait ends. */
const DEADLINE_SECONDS = 10 * 60;
/** How long an ended Job and its pods are kept, for whoever wants to see what they said. */
export const KEPT_SECONDS = 60 * 60;
/** An ended Job that were gone sooner could not be read. */
const LEAST_KEPT_SECONDS = 60;

const key = () =>
  z
    .string()
    .regex(LABEL_KEY, 'the name of a label, for example app or app.kubernetes.io/name')
    .refine((name) => !isOwnLabel(name), 'none of the labels that the engine sets itself');
const few = (value: object) => Object.keys(value).length <= 100;
export const jobLabels = z
  .record(
    key(),
    z.string().refine((value) => isPlaceholder(value) || LABEL_VALUE.test(value), 'text of a label'),
  )
  .refine(few, 'at most 100 labels');
export const jobAnnotations = z.record(key(), z.string().max(16_384)).refine(few, 'at most 100 annotations');
const metadata = (name: string) =>
  z
    .strictObject({
      labels: jobLabels.nullish(),
      annotations: jobAnnotations.nullish(),
      creationTimestamp: opaque(),
      ...Object.fromEntries(
        ['name', 'generateName', 'namespace', 'finalizers', 'ownerReferences'].map((field) => [
          field,
          refused(`${name}.${field}`, undefined, 'the engine names the Job, in the namespace of the release'),
        ]),
      ),
    })
    .nullish();

const container = z.looseObject({ name: text(), image: text() });
const whole = (least: number, most: number) => z.int().min(least).max(most);
const sole = 'remove it: pods of others must not be taken for those of the Job';

export const jobSpec = z.strictObject({
  template: z.strictObject({
    metadata: metadata('job.spec.template.metadata'),
    spec: z.looseObject({
      containers: z.array(container).min(1).max(20),
      initContainers: z.array(container).max(20).nullish(),
      restartPolicy: z.enum(['Never', 'OnFailure']),
    }),
  }),
  backoffLimit: whole(0, 1_000).nullish(),
  backoffLimitPerIndex: whole(0, 1_000).nullish(),
  maxFailedIndexes: whole(0, MAX_JOB_PODS).nullish(),
  activeDeadlineSeconds: whole(1, MAX_DURATION_MS / 1_000).nullish(),
  ttlSecondsAfterFinished: whole(LEAST_KEPT_SECONDS, MAX_DURATION_MS / 1_000).nullish(),
  parallelism: whole(1, MAX_JOB_PODS).nullish(),
  completions: whole(1, MAX_JOB_PODS).nullish(),
  completionMode: z.enum(['NonIndexed', 'Indexed']).nullish(),
  podReplacementPolicy: z.enum(['TerminatingOrFailed', 'Failed']).nullish(),
  podFailurePolicy: z.looseObject({}).nullish(),
  successPolicy: z.looseObject({}).nullish(),
  suspend: refused('job.spec.suspend', false, 'remove it: a Job that is held never ends'),
  selector: refused('job.spec.selector', undefined, sole),
  manualSelector: refused('job.spec.manualSelector', false, sole),
  managedBy: refused('job.spec.managedBy', 'kubernetes.io/job-controller'),
});

export const kubernetesJobSchema = z.strictObject({ metadata: metadata('job.metadata'), spec: jobSpec });
type Written = z.output<typeof kubernetesJobSchema>;

const bytesOf = (spec: unknown): number => Buffer.byteLength(JSON.stringify(spec));

export function compileKubernetesJob(written: Written, { source, path, report }: Placed): KubernetesJob | undefined {
  const { labels, annotations } = written.metadata ?? {};
  const metadata = { ...(labels && { labels }), ...(annotations && { annotations }) };
  const seconds = written.spec.activeDeadlineSeconds ?? DEADLINE_SECONDS;
  const job: KubernetesJob = {
    kind: 'kubernetesJob',
    ...(Object.keys(metadata).length > 0 && { metadata }),
    spec: {
      ...(written.spec as unknown as JsonObject),
      activeDeadlineSeconds: seconds,
      ttlSecondsAfterFinished: written.spec.ttlSecondsAfterFinished ?? KEPT_SECONDS,
    },
    timeoutMs: seconds * 1_000,
  };
  const bytes = bytesOf(job.spec);
  if (bytes > MAX_JOB_BYTES) {
    const message = `is ${bytes} bytes as JSON; expected at most ${MAX_JOB_BYTES}: scripts belong into ConfigMaps`;
    report.error(source, [...path, 'spec'], 'SHIPLOCK_PLAN_RANGE', message, 'key');
    return undefined;
  }
  for (const at of strayRevisions(job)) {
    const message =
      'names a revision, which is filled in in words, variables, labels and annotations only; expected it there';
    report.error(source, [...path, ...at], 'SHIPLOCK_PLAN_PLACEHOLDER', message);
  }
  return job;
}
