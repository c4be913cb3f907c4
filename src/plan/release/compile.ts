import { ShiplockError } from '../../errors.ts';
import { analysesOf } from '../analyses.ts';
import { sortManifests } from '../argo/manifests.ts';
import { type AnalysisPlan, PLAN_FORMAT, type Plan, type PrometheusQuery } from '../plan.ts';
import { createReport, type Problem, type Report } from '../problem.ts';
import { checkShape, piece, valueAt } from '../shape/check.ts';
import { DNS_LABEL, duration } from '../shape/fields.ts';
import { show } from '../shape/show.ts';
import { validatePlan } from '../validate.ts';
import { parseDocuments, readDocuments, type Source, wholeFile } from '../yaml/read.ts';
import { compileCanary } from './canary.ts';
import { withComparison } from './comparison.ts';
import { compileConfiguration } from './configuration.ts';
import { createContext } from './context.ts';
import { compileCutover, hasRamp } from './cutover.ts';
import { compileDatabase } from './database.ts';
import { drivenRamp } from './driven.ts';
import { compileFlags } from './flags.ts';
import { compileGates } from './gates.ts';
import { compileImage } from './image.ts';
import { compileNotify } from './notify.ts';
import { compilePromotion } from './promotion.ts';
import { drivenReleaseSchema, releaseSchema } from './schema.ts';
import { checkReach, compileTarget } from './target.ts';
import { compileValidation } from './validation.ts';

export interface CompileRequest {
  /** The release file, absolute or relative to the working directory. */
  readonly file: string;
  /** What is released: an image tag. */
  readonly version: string;
  /** Instead of the file's own environment. */
  readonly environment?: string;
  readonly overrides?: {
    /** `AUTO_PROMOTE`: true promotes without asking a person. */
    readonly autoPromote?: boolean;
  };
}

export type Compiled =
  | { readonly ok: true; readonly plan: Plan; readonly errors: readonly []; readonly warnings: readonly Problem[] }
  | {
      readonly ok: false;
      readonly plan: null;
      readonly errors: readonly Problem[];
      readonly warnings: readonly Problem[];
    };

const ENVIRONMENT = 'production';
const WINDOW_MS = 10 * 60_000;
/** An image tag (OCI distribution spec, "Pulling manifests"). */
const VERSION = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/**
 * Compiles a release file and the manifests it points at. Never throws for what is written in them: every error is
 * returned, with its place, in the order of the files.
 *
 * @example
 * const compiled = compileRelease({ file: 'release.yaml', version: '1.2.0' });
 * if (!compiled.ok) for (const error of compiled.errors) console.error(formatProblem(error));
 */
export function compileRelease(request: CompileRequest): Compiled {
  const report = createReport();
  return compileDocuments(readDocuments(request.file, request.file, report), request, report);
}

/** The same of a text that is not stored yet; `file` says where it will be, and what its paths are relative to. */
export function compileReleaseText(text: string, request: CompileRequest): Compiled {
  const report = createReport();
  return compileDocuments(parseDocuments(text, request.file, report), request, report);
}

function compileDocuments(documents: readonly Source[], request: CompileRequest, report: Report): Compiled {
  const plan = compile(documents, request, report);
  if (plan !== null && report.errors().length === 0) checkCompiled(plan, request.file, report);
  const errors = report.errors();
  const warnings = report.warnings();
  return plan !== null && errors.length === 0
    ? { ok: true, plan, errors: [], warnings }
    : { ok: false, plan: null, errors, warnings };
}

function compile(documents: readonly Source[], request: CompileRequest, report: Report): Plan | null {
  const source = releaseDocument(documents, request.file, report);
  if (source === null) return null;
  const context = createContext({ source, file: request.file, version: request.version, report });
  const schema = context.driven ? drivenReleaseSchema : releaseSchema[context.platform];
  checkShape(schema, source, source.value, [], report);
  checkRequest(request, source, report);
  const gates = compileGates(context);
  const image = compileImage(context);
  const configuration = compileConfiguration(context);
  const database = compileDatabase(context);
  const ramp = context.driven ? drivenRamp(context) : compileCanary(context);
  const target = compileTarget(context, ramp, image);
  const canary = ramp.canary && target ? withComparison(context, ramp.canary, target) : ramp.canary;
  const autoPromote = request.overrides?.autoPromote;
  const cutover = compileCutover(context, ramp, autoPromote);
  const flags = compileFlags(context, ramp);
  if (target) {
    checkReach(context, target, ramp, {
      cutover: cutover !== undefined,
      baseline: canary?.baselineService !== undefined,
    });
  }
  const promotion = compilePromotion(context, {
    autoPromote,
    ramped: cutover === undefined || hasRamp(ramp),
    canaryService: target?.canaryService ?? `${context.service}-canary`,
    prometheus: ramp.canary && firstPrometheus(analysesOf({ canary: ramp.canary, cutover, flags })),
  });
  const validation = compileValidation(context, gates);
  const notify = compileNotify(context);
  const window =
    piece(duration(), valueAt(source.value, ['window', 'duration'])) ?? ramp.blueGreen?.windowMs ?? ramp.windowMs;
  if (target === null || canary === undefined) return null;
  const environment = request.environment ?? valueAt(source.value, ['environment']) ?? ENVIRONMENT;
  return {
    format: PLAN_FORMAT,
    service: context.service,
    environment: String(environment),
    version: request.version,
    target,
    gates,
    // A phase that is left out leaves no key: plans without it keep the digest that they always had.
    ...(image && { image }),
    configuration,
    ...(database && { database }),
    canary,
    promotion,
    ...(cutover && { cutover }),
    ...(flags && { flags }),
    ...(validation && { validation }),
    window: { durationMs: window ?? WINDOW_MS },
    ...(notify && { notify }),
  };
}

/** Whoever has no Prometheus of its own asks the one that an analysis asks first. */
const firstPrometheus = (analyses: readonly AnalysisPlan[]): PrometheusQuery | null =>
  analyses
    .flatMap(({ metrics }) => metrics.map(({ provider }) => provider))
    .find((provider) => provider.kind === 'prometheus') ?? null;

/** The first activity of a release validates the plan again; what it would refuse is refused here. */
function checkCompiled(plan: Plan, file: string, report: Report): void {
  try {
    validatePlan(plan);
  } catch (error) {
    if (!(error instanceof ShiplockError)) throw error;
    report.error(wholeFile(file), [], 'SHIPLOCK_PLAN_INVALID', error.message);
  }
}

function releaseDocument(documents: readonly Source[], file: string, report: Report): Source | null {
  const { releases } = sortManifests(documents, report);
  const [only, second] = releases;
  if (second !== undefined) {
    report.error(second, ['kind'], 'SHIPLOCK_PLAN_KIND', 'is a second Release; expected one in a file', 'key');
  }
  if (only === undefined && report.errors().length === 0) {
    const message = 'holds no Release; expected apiVersion: shiplock/v1 and kind: Release';
    report.error(wholeFile(file), [], 'SHIPLOCK_PLAN_KIND', message);
  }
  return only ?? null;
}

function checkRequest(request: CompileRequest, source: Source, report: Report): void {
  if (!VERSION.test(request.version)) {
    const message = `the version ${show(request.version)} is no image tag; expected letters, digits, ., _ and -, at most 128`;
    report.error(source, [], 'SHIPLOCK_PLAN_VERSION', message);
  }
  if (request.environment !== undefined && !DNS_LABEL.test(request.environment)) {
    const message = `the environment ${show(request.environment)} is no DNS label, for example production`;
    report.error(source, ['environment'], 'SHIPLOCK_PLAN_VALUE', message);
  }
}
