import { collectTemplates, type TemplateSet } from '../argo/templates.ts';
import { valueAt } from '../shape/check.ts';
import type { Context } from './context.ts';

/** The templates of the files that `canary.templates` names, and of the Rollout's own file. */
export function releaseTemplates(rolloutFile: string | undefined, context: Context): TemplateSet {
  const files = new Set(rolloutFile === undefined ? [] : [rolloutFile]);
  const named = valueAt(context.source.value, ['canary', 'templates']);
  const sources = [...files].flatMap((file) => context.manifests(file, ['canary', 'rollout', 'file']).templates);
  for (const [index, file] of (Array.isArray(named) ? named : []).entries()) {
    if (typeof file !== 'string' || file === '' || files.has(file)) continue;
    files.add(file);
    const found = context.manifests(file, ['canary', 'templates', index]).templates;
    if (found.length === 0 && context.documents(file).length > 0) {
      const message = `${file} holds no AnalysisTemplate`;
      context.report.error(context.source, ['canary', 'templates', index], 'SHIPLOCK_PLAN_TEMPLATE_MISSING', message);
    }
    sources.push(...found);
  }
  return collectTemplates(sources, context.platform, context.report);
}
