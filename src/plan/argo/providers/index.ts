/** Where a metric's readings come from: the providers of Argo's that are understood, and those refused by name. */
import { z } from 'zod';
import type { Provider } from '../../plan.ts';
import { kindsOf, refused } from '../../shape/fields.ts';
import { eachPlatform, type RolloutPlatform } from '../platform.ts';
import { compileDatadog, datadogSchema } from './datadog.ts';
import type { Placed } from './fields.ts';
import { compileJob, jobSchema } from './job.ts';
import { compileKubernetesJob, kubernetesJobSchema } from './kubernetes-job.ts';
import { compilePrometheus, prometheusSchema } from './prometheus.ts';
import { compileWeb, webSchema } from './web.ts';

export { isHttpAddress } from './fields.ts';

const KINDS = ['prometheus', 'web', 'datadog', 'job'] as const;
const OTHERS = [
  'kayenta',
  'wavefront',
  'newRelic',
  'cloudWatch',
  'graphite',
  'influxdb',
  'skywalking',
  'plugin',
] as const;

/** Every kind that Argo knows. */
export const ARGO_KINDS: readonly string[] = [...KINDS, ...OTHERS];

const JOBS = { local: jobSchema, kubernetes: kubernetesJobSchema } as const;

export const providerSchema = eachPlatform((platform) =>
  z.strictObject({
    prometheus: prometheusSchema.nullish(),
    web: webSchema.nullish(),
    datadog: datadogSchema.nullish(),
    job: (JOBS[platform] as z.ZodType<WrittenJob>).nullish(),
    ...Object.fromEntries(
      OTHERS.map((name) => [name, refused(`provider.${name}`, undefined, `expected one of ${KINDS.join(', ')}`)]),
    ),
  }),
);
type Written = z.output<(typeof providerSchema)[RolloutPlatform]>;
type WrittenJob = z.output<(typeof JOBS)[RolloutPlatform]>;

/** The one provider of a metric; `undefined` where there is none that can be used: why is reported. */
export function compileProvider(written: Written, placed: Placed, platform: RolloutPlatform): Provider | undefined {
  const { source, path, report } = placed;
  const [kind, second] = kindsOf(written, KINDS);
  if (kind === undefined) {
    const message = `has no provider; expected one of ${KINDS.join(', ')}`;
    report.error(source, path, 'SHIPLOCK_PLAN_FIELD_MISSING', message, 'key');
    return undefined;
  }
  if (second !== undefined) {
    const message = `has ${kind} and ${second}; expected one provider`;
    report.error(source, path, 'SHIPLOCK_PLAN_CHOICE', message, 'key');
  }
  const here = { ...placed, path: [...path, kind] };
  const { prometheus, web, datadog, job } = written;
  if (prometheus) return compilePrometheus(prometheus, here);
  if (web) return compileWeb(web, here);
  if (datadog) return compileDatadog(datadog, here);
  if (!job) return undefined;
  return platform === 'local'
    ? compileJob(job as z.output<typeof jobSchema>, here)
    : compileKubernetesJob(job as z.output<typeof kubernetesJobSchema>, here);
}

/** Where a secret may stand in a provider: what authenticates it, and nothing that is recorded or shown. */
export function maySecretStand(inProvider: readonly (string | number)[]): boolean {
  const [kind, field, ...rest] = inProvider;
  if (kind !== 'prometheus' && kind !== 'web') return false;
  if (field === 'headers') return rest.length === 2 && rest[1] === 'value';
  if (kind === 'web' || field !== 'authentication' || rest[0] !== 'basicAuth') return false;
  return rest.length === 2 && (rest[1] === 'username' || rest[1] === 'password');
}
