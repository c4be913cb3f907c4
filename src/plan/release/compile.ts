import path from 'node:path';
import { ShiplockError } from '../../errors.ts';
import { sortManifests } from '../argo/manifests.ts';
import { type LocalTarget, PLAN_FORMAT, type Plan } from '../plan.ts';
import { createReport, type Path, type Problem, type Report } from '../problem.ts';
import { checkShape, piece, valueAt } from '../shape/check.ts';
import { DNS_LABEL, duration, isWholeBetween } from '../shape/fields.ts';
import { show } from '../shape/show.ts';
import { validatePlan } from '../validate.ts';
import { readDocuments, type Source, wholeFile } from '../yaml/read.ts';
import { type CompiledCanary, compileCanary } from './canary.ts';
import { compileConfiguration } from './configuration.ts';
import { type Context, createContext } from './context.ts';
import { compileGates } from './gates.ts';
import { compilePromotion } from './promotion.ts';
import { releaseSchema, targetSchema } from './schema.ts';

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
  const plan = compile(request, report);
  if (plan !== null && report.errors().length === 0) checkCompiled(plan, request.file, report);
  const errors = report.errors();
  const warnings = report.warnings();
  return plan !== null && errors.length === 0
    ? { ok: true, plan, errors: [], warnings }
    : { ok: false, plan: null, errors, warnings };
}

function compile(request: CompileRequest, report: Report): Plan | null {
  const source = releaseDocument(request.file, report);
  if (source === null) return null;
  checkShape(releaseSchema, source, source.value, [], report);
  checkRequest(request, source, report);
  const context = createContext({ source, file: request.file, version: request.version, report });
  const gates = compileGates(context);
  const configuration = compileConfiguration(context);
  const ramp = compileCanary(context);
  const target = compileTarget(context, ramp);
  const promotion = compilePromotion(context, {
    autoPromote: request.overrides?.autoPromote,
    canaryService: target?.canaryService ?? `${context.service}-canary`,
    address: ramp.canary === undefined ? undefined : firstAddress(ramp.canary),
  });
  if (target === null || ramp.canary === undefined) return null;
  const environment = request.environment ?? valueAt(source.value, ['environment']) ?? ENVIRONMENT;
  return {
    format: PLAN_FORMAT,
    service: context.service,
    environment: String(environment),
    version: request.version,
    target,
    gates,
    configuration,
    canary: ramp.canary,
    promotion,
    window: { durationMs: piece(duration(), valueAt(source.value, ['window', 'duration'])) ?? WINDOW_MS },
  };
}

/** The first activity of a release validates the plan again; what it would refuse is refused here. */
function checkCompiled(plan: Plan, file: string, report: Report): void {
  try {
    validatePlan(plan);
  } catch (error) {
    if (!(error instanceof ShiplockError)) throw error;
    report.error(wholeFile(file), [], 'SHIPLOCK_PLAN_INVALID', error.message);
  }
}

function releaseDocument(file: string, report: Report): Source | null {
  const { releases } = sortManifests(readDocuments(file, file, report), report);
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

function compileTarget(context: Context, ramp: CompiledCanary): LocalTarget | null {
  const at: Path = ['target'];
  const target = piece(targetSchema, valueAt(context.source.value, at));
  if (target === undefined) return null;
  const stableService = target.stableService ?? ramp.stableService ?? `${context.service}-stable`;
  const canaryService = target.canaryService ?? ramp.canaryService ?? `${context.service}-canary`;
  if (stableService === canaryService) {
    const message = `canaryService and stableService are both ${stableService}; they must differ`;
    context.report.error(context.source, at, 'SHIPLOCK_PLAN_DUPLICATE', message, 'key');
  }
  const replicas = target.replicas ?? ramp.replicas ?? 1;
  if (!isWholeBetween(replicas, 1, 100)) {
    const message = `is missing, and the Rollout's replicas are ${replicas}; expected 1 to 100 on this platform`;
    context.report.error(context.source, [...at, 'replicas'], 'SHIPLOCK_PLAN_RANGE', message, 'key');
  }
  return {
    platform: 'local',
    command: target.command,
    directory: path.resolve(context.directory, target.directory ?? '.'),
    environment: target.environment ?? {},
    replicas,
    readinessPath: target.readinessPath ?? '/ready',
    stableService,
    canaryService,
  };
}

function firstAddress(canary: NonNullable<CompiledCanary['canary']>): string | null {
  const inline = canary.steps.flatMap((step) => (step.kind === 'analysis' ? [step.analysis] : []));
  const analyses = canary.background === null ? inline : [canary.background.analysis, ...inline];
  return analyses[0]?.metrics[0]?.provider.address ?? null;
}
