/** What a release file says where Argo's own controller rolls out. */
import { z } from 'zod';
import { DNS_SUBDOMAIN, dnsLabel, duration, text } from '../shape/fields.ts';
import { REPOSITORY } from '../shape/names.ts';
import { onFailureOfRelease, urlPath } from './schema-fields.ts';

export const argoTargetSchema = z.strictObject({
  platform: z.literal('argo').describe("A Rollout that Argo Rollouts' own controller drives."),
  cluster: dnsLabel().optional().describe("A cluster of the worker's policy. Default: default."),
  namespace: dnsLabel().describe('Where the Rollout is.'),
  rollout: z.string().regex(DNS_SUBDOMAIN, 'the name of a Rollout').describe('An existing Rollout.'),
  container: dnsLabel().describe('Whose image carries the version.'),
  repository: z
    .string()
    .max(255)
    .regex(REPOSITORY, 'an image without tag and digest, for example registry.example:5000/shop/api')
    .optional()
    .describe('Of the image that is set. Default: image.repository.'),
  readinessPath: urlPath('Default: /ready.').optional(),
  stableService: text().optional().describe('As Prometheus knows it. Default: SERVICE-stable.'),
  canaryService: text().optional().describe('As Prometheus knows it. Default: SERVICE-canary.'),
  deadline: duration('For the whole rollout, from the image to all traffic; then back. Default: 24h.').optional(),
});

/** Steps, weights and analyses are the Rollout's own. */
export const drivenCanarySchema = z.strictObject({
  templates: z
    .array(text())
    .max(20)
    .optional()
    .describe("Files with Argo's AnalysisTemplates, for the analyses of flags."),
  readyDeadline: duration('How long the controller may take to take up what it is told. Default: 5m.').optional(),
  openPauseDeadline: duration('How long a pause of the Rollout waits for promote. Default: 1h.').optional(),
  analysis: z
    .strictObject({
      minimumReadings: z.int().min(1).max(10_000).optional().describe('Of the analyses of flags. Default: 3.'),
      inconclusiveDeadline: duration('How long a person has to decide. Default: 30m.').optional(),
      deadline: duration('Of the analyses of flags.').optional(),
    })
    .optional(),
  onFailure: onFailureOfRelease('without the canary nothing would be released'),
});
