/** Argo's AnalysisTemplate (argo-rollouts `analysis_types.go`): every field it knows, accepted or refused by name. */
import { z } from 'zod';
import { MAX_METRICS, MIN_INTERVAL_MS } from '../limits.ts';
import { durationText, oneKind, opaque, text, wholeText } from '../shape/fields.ts';
import { eachPlatform, type RolloutPlatform } from './platform.ts';
import { providerSchema } from './providers/index.ts';

export const metricSchema = eachPlatform((platform) =>
  z.strictObject({
    name: text(),
    interval: durationText(MIN_INTERVAL_MS).nullish(),
    initialDelay: durationText().nullish(),
    count: wholeText().nullish(),
    successCondition: z.string().max(4_096).nullish(),
    failureCondition: z.string().max(4_096).nullish(),
    /** -1: off. */
    failureLimit: wholeText(-1).nullish(),
    inconclusiveLimit: wholeText().nullish(),
    consecutiveErrorLimit: wholeText().nullish(),
    consecutiveSuccessLimit: wholeText().nullish(),
    provider: providerSchema[platform],
  }),
);
export type ArgoMetric = z.output<(typeof metricSchema)[RolloutPlatform]>;

/** Argo's tools read a number here as text (`sigs.k8s.io/yaml`). */
const argumentValue = z
  .union([z.string().max(4_096), z.number(), z.boolean()], 'text')
  .transform((value) => String(value));

const fieldRef = z.strictObject({ fieldPath: text() });
const oneOf = (...names: string[]) => oneKind(names);

/** An argument that a template declares. */
export const templateArgumentSchema = z.strictObject({
  name: text(),
  value: argumentValue.nullish(),
  valueFrom: z
    .strictObject({
      secretKeyRef: z.strictObject({ name: text(), key: text() }).nullish(),
      fieldRef: fieldRef.nullish(),
    })
    .check(oneOf('secretKeyRef', 'fieldRef'))
    .nullish(),
});

/** An argument that a Rollout gives. */
export const givenArgumentSchema = z.strictObject({
  name: text(),
  value: argumentValue.nullish(),
  valueFrom: z
    .strictObject({
      podTemplateHashValue: z.enum(['Stable', 'Latest']).nullish(),
      fieldRef: fieldRef.nullish(),
    })
    .check(oneOf('podTemplateHashValue', 'fieldRef'))
    .nullish(),
});

/** Both name metrics by a regular expression (RE2, not anchored). */
const dryRun = z
  .array(z.strictObject({ metricName: text() }))
  .max(MAX_METRICS)
  .nullish();
const measurementRetention = z
  .array(z.strictObject({ metricName: text(), limit: wholeText(1) }))
  .max(MAX_METRICS)
  .nullish();

export const templateReferenceSchema = z.strictObject({
  templateName: text(),
  clusterScope: z.boolean().nullish(),
});

/** `spec.analysis` of the strategy, and the `analysis` of a step. */
export const analysisReferenceFields = {
  templates: z.array(templateReferenceSchema).min(1).max(50),
  args: z.array(givenArgumentSchema).max(100).nullish(),
  dryRun,
  measurementRetention,
  analysisRunMetadata: opaque(),
};

const templateSpecSchema = eachPlatform((platform) =>
  z.strictObject({
    metrics: z.array(metricSchema[platform]).max(MAX_METRICS).nullish(),
    args: z.array(templateArgumentSchema).max(100).nullish(),
    dryRun,
    measurementRetention,
    templates: z.array(templateReferenceSchema).max(50).nullish(),
  }),
);

export const manifestFields = {
  apiVersion: z.literal('argoproj.io/v1alpha1'),
  metadata: z.looseObject({ name: z.string().nullish(), generateName: z.string().nullish() }).nullish(),
};

export const templateSchema = eachPlatform((platform) =>
  z.strictObject({
    ...manifestFields,
    kind: z.literal(['AnalysisTemplate', 'ClusterAnalysisTemplate']),
    spec: templateSpecSchema[platform],
    status: opaque(),
  }),
);
