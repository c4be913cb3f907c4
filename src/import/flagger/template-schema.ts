/** Flagger's MetricTemplate and AlertProvider (flagger `metric.go`, `alert.go`, v1.44.0). */
import { z } from 'zod';
import { text } from '../../plan/shape/fields.ts';
import { manifestFields } from './canary-schema.ts';

export const METRIC_PROVIDERS = [
  'prometheus',
  'influxdb',
  'datadog',
  'externalmetrics',
  'stackdriver',
  'cloudwatch',
  'newrelic',
  'graphite',
  'dynatrace',
  'keptn',
  'splunk',
] as const;

const secretRef = () => z.strictObject({ name: text() }).nullish();

export const metricTemplateSchema = z.strictObject({
  ...manifestFields,
  kind: z.literal('MetricTemplate'),
  spec: z.strictObject({
    provider: z.strictObject({
      type: z.enum(METRIC_PROVIDERS),
      address: text().nullish(),
      headers: z.record(z.string().max(256), z.array(z.string().max(4_096)).max(20)).nullish(),
      secretRef: secretRef(),
      region: text().nullish(),
      insecureSkipVerify: z.boolean().nullish(),
    }),
    query: z.string().min(1).max(16_384),
  }),
});
export type MetricTemplate = z.output<typeof metricTemplateSchema>;

export const alertProviderSchema = z.strictObject({
  ...manifestFields,
  kind: z.literal('AlertProvider'),
  spec: z.strictObject({
    type: z.enum(['slack', 'msteams', 'discord', 'rocket', 'gchat']),
    channel: text().nullish(),
    username: text().nullish(),
    address: text().nullish(),
    proxy: text().nullish(),
    secretRef: secretRef(),
  }),
});
export type AlertProvider = z.output<typeof alertProviderSchema>;
