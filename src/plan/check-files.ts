import { sortManifests } from './argo/manifests.ts';
import { fillHelm } from './argo/placeholders.ts';
import { CANARY, compileRollout } from './argo/rollout.ts';
import { checkRouted, type Routed } from './argo/routed.ts';
import { collectTemplates } from './argo/templates.ts';
import type { CanaryPlan, CutoverPlan, Plan } from './plan.ts';
import { createReport, inOrder, type Problem, type Report } from './problem.ts';
import { rolloutSettings } from './release/canary.ts';
import { type CompileRequest, compileRelease } from './release/compile.ts';
import { rolloutCutover } from './release/cutover.ts';
import { valueAt } from './shape/check.ts';
import { readDocuments, type Source, wholeFile } from './yaml/read.ts';

/** What one file became: a release's plan, or the ramp of a Rollout that stands alone. */
export type Checked =
  | { readonly kind: 'release'; readonly file: string; readonly plan: Plan }
  | {
      readonly kind: 'rollout';
      readonly file: string;
      readonly name: string;
      readonly canary: CanaryPlan;
      /** Argo's blue-green; `null`: the Rollout is a canary. */
      readonly cutover: CutoverPlan | null;
    };

export interface CheckedFiles {
  readonly ok: boolean;
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** In the order of the files. */
  readonly compiled: readonly Checked[];
}

/**
 * Checks files as `shiplock check` does: each release file with what it points at, and the other files together as
 * Argo manifests, so that a Rollout finds its templates in whichever of them.
 */
export function checkFiles(files: readonly string[], request: Omit<CompileRequest, 'file'>): CheckedFiles {
  const report = createReport();
  const errors: Problem[] = [];
  const warnings: Problem[] = [];
  const compiled: Checked[] = [];
  const manifests: Source[] = [];
  for (const file of new Set(files)) {
    const own = createReport();
    const documents = readDocuments(file, file, own);
    if (documents.some((source) => isRelease(source))) {
      const result = compileRelease({ ...request, file });
      errors.push(...result.errors);
      warnings.push(...result.warnings);
      if (result.ok) compiled.push({ kind: 'release', file, plan: result.plan });
    } else {
      checkKinds(file, documents, own);
      errors.push(...own.errors());
      manifests.push(...documents);
    }
  }
  compiled.push(...compileManifests(manifests, request.version, report));
  errors.push(...report.errors());
  warnings.push(...report.warnings());
  return { ok: errors.length === 0, errors: distinct(errors), warnings: distinct(warnings), compiled };
}

const isRelease = (source: Source) => (source.value as { kind?: unknown } | null)?.kind === 'Release';

function checkKinds(file: string, documents: readonly Source[], report: Report): void {
  const { rollouts, templates } = sortManifests(documents, report);
  if (rollouts.length + templates.length > 0 || report.errors().length > 0) return;
  const message = 'holds nothing to check; expected a Release, a Rollout or an AnalysisTemplate';
  report.error(wholeFile(file), [], 'SHIPLOCK_PLAN_KIND', message);
}

function compileManifests(documents: readonly Source[], version: string, report: Report): Checked[] {
  const sorted = sortManifests(documents, report);
  const fill = (source: Source) => fillHelm(source, { field: 'image.tag', version }, report);
  const templates = collectTemplates(sorted.templates.map(fill), 'kubernetes', report);
  return sorted.rollouts.map(fill).flatMap((source): Checked[] => {
    const { name, canary, blueGreen, stepPlaces } = compileRollout(
      source,
      templates,
      rolloutSettings(undefined, 'kubernetes'),
      report,
    );
    checkRouted({ source, places: stepPlaces, steps: canary?.steps ?? [] }, routedAlone(source), report);
    const cutover = blueGreen === null ? null : rolloutCutover(blueGreen);
    return canary === undefined ? [] : [{ kind: 'rollout', file: source.file, name: name ?? '', canary, cutover }];
  });
}

/** What a Rollout says of its own router; a release may name another one. */
function routedAlone({ value }: Source): Routed {
  const routing = valueAt(value, [...CANARY, 'trafficRouting']);
  const managed = valueAt(routing, ['managedRoutes']);
  const managedRoutes = (Array.isArray(managed) ? managed : []).map((route) => String(valueAt(route, ['name'])));
  return { kind: routing == null ? 'replicas' : 'istio', managedRoutes };
}

function distinct(problems: readonly Problem[]): Problem[] {
  return inOrder([...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()]);
}
