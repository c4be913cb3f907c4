/** Argo's `job`: a Kubernetes Job (`batch/v1`), of which the local platform runs the one container's command. */
import path from 'node:path';
import { z } from 'zod';
import type { JobCommand } from '../../plan.ts';
import { isPlaceholder, opaque, refused, text } from '../../shape/fields.ts';
import { show } from '../../shape/show.ts';
import { type Placed, seconds } from './fields.ts';

/** Kubernetes' default `backoffLimit`. */
const BACKOFF_LIMIT = 6;
/** Kubernetes has no bound by default; here every wait ends. */
const TIMEOUT_MS = 10 * 60_000;

const name = (field: string) => `job.spec.${field}`;
const pod = (field: string) => name(`template.spec.${field}`);
const inContainer = (field: string) => pod(`containers.${field}`);

export const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const variable = z.strictObject({
  name: text().refine((key) => isPlaceholder(key) || VARIABLE.test(key), 'expected the name of a variable'),
  value: z.string().max(16_384).nullish(),
  valueFrom: refused(inContainer('env.valueFrom')),
});
const words = z.array(z.string().max(16_384)).max(100).nullish();

const container = z.looseObject({
  name: z.string().nullish(),
  image: z.string().nullish(),
  command: words,
  args: words,
  workingDir: text().nullish(),
  env: z.array(variable).max(200).nullish(),
  envFrom: refused(inContainer('envFrom')),
});

export const jobSchema = z.strictObject({
  metadata: opaque(),
  spec: z.strictObject({
    template: z.strictObject({
      metadata: opaque(),
      spec: z.looseObject({
        containers: z.array(container).min(1),
        initContainers: refused(pod('initContainers')),
      }),
    }),
    backoffLimit: z.int().min(0).max(1_000).nullish(),
    activeDeadlineSeconds: seconds().nullish(),
    parallelism: refused(name('parallelism'), 1),
    completions: refused(name('completions'), 1),
    completionMode: refused(name('completionMode'), 'NonIndexed'),
    suspend: refused(name('suspend'), false),
    ...Object.fromEntries(
      ['podFailurePolicy', 'successPolicy', 'backoffLimitPerIndex', 'maxFailedIndexes'].map((field) => [
        field,
        refused(name(field)),
      ]),
    ),
    // How the cluster keeps its objects: nothing of what is run.
    ttlSecondsAfterFinished: opaque(),
    selector: opaque(),
    manualSelector: opaque(),
    podReplacementPolicy: opaque(),
    managedBy: opaque(),
  }),
});
type Written = z.output<typeof jobSchema>;
type Container = Written['spec']['template']['spec']['containers'][number];

export function compileJob({ spec }: Written, { source, path: at, report }: Placed): JobCommand | undefined {
  const containers = [...at, 'spec', 'template', 'spec', 'containers'];
  const unsupported = (more: (string | number)[], message: string) =>
    report.error(source, [...containers, ...more], 'SHIPLOCK_PLAN_UNSUPPORTED', message, 'key');
  const [only, second] = spec.template.spec.containers;
  if (second !== undefined) unsupported([1], 'a second container is not supported; a job runs one command');
  if (only === undefined) return undefined;
  if (!only.command?.length) {
    unsupported([0], "has no command, and only the image's own could tell; give the command");
  }
  if (only.image != null) {
    const message = 'is not used on the local platform, where a job is a process of this machine';
    report.warning(source, [...containers, 0, 'image'], 'SHIPLOCK_PLAN_FIELD_IGNORED', message, 'key');
  }
  const directory = only.workingDir ?? undefined;
  if (directory !== undefined && !isPlaceholder(directory) && !path.isAbsolute(directory)) {
    const message = `is ${show(directory)}; expected an absolute path`;
    report.error(source, [...containers, 0, 'workingDir'], 'SHIPLOCK_PLAN_VALUE', message);
  }
  const environment = environmentOf(only);
  return {
    kind: 'job',
    command: [...(only.command ?? []), ...(only.args ?? [])].map((word) => expanded(word, environment)),
    environment,
    ...(directory === undefined ? {} : { directory }),
    attempts: (spec.backoffLimit ?? BACKOFF_LIMIT) + 1,
    timeoutMs: spec.activeDeadlineSeconds ? spec.activeDeadlineSeconds * 1_000 : TIMEOUT_MS,
  };
}

function environmentOf({ env }: Container): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const { name, value } of env ?? []) environment[name] = expanded(value ?? '', environment);
  return environment;
}

/** Kubernetes' `$(NAME)`: a variable that is known is filled in, `$$(NAME)` is `$(NAME)`, anything else stays. */
function expanded(text: string, environment: Readonly<Record<string, string>>): string {
  return text.replace(/\$(\$|\(([^()]*)\))/g, (whole, what: string, name: string | undefined) => {
    if (what === '$') return '$';
    return name !== undefined && Object.hasOwn(environment, name) ? (environment[name] ?? '') : whole;
  });
}
