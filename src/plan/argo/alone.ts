import type { AnalysisPlan, Compatibility } from '../plan.ts';
import { createReport, type Problem } from '../problem.ts';
import { readDocuments, type Source } from '../yaml/read.ts';
import { compileAnalysis } from './analysis.ts';
import { sortManifests } from './manifests.ts';
import type { RolloutPlatform } from './platform.ts';
import { collectTemplates } from './templates.ts';

export interface AloneRequest {
  readonly files: readonly string[];
  /** Which templates; none: all of the files. */
  readonly templates: readonly string[];
  readonly args: Readonly<Record<string, string>>;
  readonly minimumReadings: number;
  readonly compatibility?: Compatibility | undefined;
  /** Where a release that names them would run. Default: local. */
  readonly platform?: RolloutPlatform;
}

/** Templates by themselves, as the analysis of a release that names them would compile. */
export function compileAlone(request: AloneRequest): {
  readonly analysis: AnalysisPlan | null;
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
} {
  const { platform = 'local' } = request;
  const report = createReport();
  const documents = request.files.flatMap((file) => readDocuments(file, file, report));
  const set = collectTemplates(sortManifests(documents, report).templates, platform, report);
  const kinds = new Map([...set.values()].map(({ name, kind }) => [name, kind]));
  const names = request.templates.length > 0 ? request.templates : [...kinds.keys()];
  // What a Rollout would say, said on the command line.
  const asked: Source = {
    file: 'the command line',
    place: () => ({ line: 1, column: 1 }),
    value: {
      templates: names.map((templateName) => ({
        templateName,
        ...(kinds.get(templateName) === 'ClusterAnalysisTemplate' ? { clusterScope: true } : {}),
      })),
      args: Object.entries(request.args).map(([name, value]) => ({ name, value })),
    },
  };
  if (names.length === 0 && report.errors().length === 0) {
    const message = 'there is no AnalysisTemplate in the files';
    report.error(asked, ['templates'], 'SHIPLOCK_PLAN_TEMPLATE_MISSING', message);
  }
  const settings = {
    minimumReadings: request.minimumReadings,
    inconclusiveDeadlineMs: 0,
    deadlineMs: null,
    compatibility: request.compatibility,
    platform,
  };
  const compiled = compileAnalysis(asked, [], set, settings, report);
  const errors = report.errors();
  return { analysis: errors.length > 0 ? null : (compiled?.plan ?? null), errors, warnings: report.warnings() };
}
