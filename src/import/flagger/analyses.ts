/** The AnalysisTemplates that an imported Canary is judged by, and how a release file refers to them. */
import type { SecretArguments, WrittenMetric } from './metrics.ts';

export interface Analyses {
  /** How an analysis of the release file names it; `null`: it would ask nothing. */
  reference(purpose: string, metrics: readonly WrittenMetric[]): object | null;
  /** The manifests, once each. */
  manifests(): readonly object[];
}

const REVISION = '{{args.revision}}';

/** @param service begins every name */
export function createAnalyses(service: string, secrets: SecretArguments): Analyses {
  const made = new Map<string, object>();
  return {
    reference(purpose, metrics) {
      if (metrics.length === 0) return null;
      const name = `${service}-${purpose}`;
      const text = JSON.stringify(metrics);
      const given = text.includes(REVISION);
      const taken = [...secrets].filter(([argument]) => text.includes(`{{args.${argument}}}`));
      const args = [
        ...(given ? [{ name: 'revision' }] : []),
        ...taken.map(([argument, secretKeyRef]) => ({ name: argument, valueFrom: { secretKeyRef } })),
      ];
      made.set(name, {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'AnalysisTemplate',
        metadata: { name },
        spec: { ...(args.length > 0 ? { args } : {}), metrics },
      });
      const revision = { name: 'revision', valueFrom: { podTemplateHashValue: 'Latest' } };
      return { templates: [{ templateName: name }], ...(given ? { args: [revision] } : {}) };
    },
    manifests: () => [...made.values()],
  };
}
