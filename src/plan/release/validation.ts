import { MAX_LOAD_MS, MAX_LOAD_REQUESTS, MIN_LOAD_REQUESTS } from '../limits.ts';
import type { Gate, PerformanceCheck, SecurityCheck, ValidationPlan } from '../plan.ts';
import type { Path } from '../problem.ts';
import { piece, valueAt } from '../shape/check.ts';
import { nearest } from '../suggest.ts';
import type { Context } from './context.ts';
import { validationSchema } from './schema-phases.ts';

const DEFAULTS = { ratePerSecond: 20, durationMs: 30_000, p95Seconds: 0.5, errorShare: 0.01 } as const;

type Written = NonNullable<ReturnType<typeof validationSchema.safeParse>['data']>;

/** `undefined`: the release has no last look, or what it says of one is wrong. */
export function compileValidation(context: Context, gates: readonly Gate[]): ValidationPlan | undefined {
  const validation = piece(validationSchema, valueAt(context.source.value, ['validation']));
  if (validation === undefined) return undefined;
  return {
    onFailure: validation.onFailure ?? 'release',
    security: compileSecurity(context, validation.security, gates),
    performance: compilePerformance(context, validation.performance),
  };
}

function compileSecurity(context: Context, written: Written['security'], gates: readonly Gate[]): SecurityCheck | null {
  if (written === undefined) return null;
  const at: Path = ['validation', 'security'];
  const { source, report } = context;
  if (written.audit !== undefined) checkAudit(context, written.audit, gates);
  if (written.image === true && valueAt(source.value, ['image']) === undefined) {
    const message = 'looks at the image, and the release file names none; add the section image, or remove this';
    report.error(source, [...at, 'image'], 'SHIPLOCK_PLAN_NEEDS', message, 'key');
  }
  return { auditGate: written.audit ?? null, headers: written.headers ?? null, image: written.image ?? false };
}

function checkAudit(context: Context, name: string, gates: readonly Gate[]): void {
  const gate = gates.find((other) => other.name === name);
  if (gate?.kind === 'audit') return;
  const audits = gates.filter(({ kind }) => kind === 'audit').map((other) => other.name);
  const near = nearest(name, audits);
  const hint =
    near !== null
      ? `did you mean ${near}?`
      : `expected ${audits.length === 0 ? 'a gate with audit' : audits.join(' or ')}`;
  const found = gate === undefined ? `there is no gate named ${name}` : `the gate ${name} is no audit`;
  const at: Path = ['validation', 'security', 'audit'];
  context.report.error(context.source, at, 'SHIPLOCK_PLAN_NEEDS', `${found}; ${hint}`);
}

function compilePerformance(context: Context, written: Written['performance']): PerformanceCheck | null {
  if (written === undefined) return null;
  const ratePerSecond = written.rate ?? DEFAULTS.ratePerSecond;
  const durationMs = written.duration ?? DEFAULTS.durationMs;
  const requests = Math.floor((ratePerSecond * durationMs) / 1_000);
  const total = requests * (written.versusStable === undefined ? 1 : 2);
  const refuse = (field: string, message: string) =>
    context.report.error(context.source, ['validation', 'performance', field], 'SHIPLOCK_PLAN_RANGE', message);
  if (durationMs > MAX_LOAD_MS) refuse('duration', 'is too long; expected at most 10m');
  else if (total > MAX_LOAD_REQUESTS) refuse('rate', `makes ${total} requests; expected at most ${MAX_LOAD_REQUESTS}`);
  else if (requests < MIN_LOAD_REQUESTS) {
    const message = `makes ${requests} requests, which say nothing about a 95th percentile; expected at least ${MIN_LOAD_REQUESTS}`;
    refuse(written.duration === undefined ? 'rate' : 'duration', message);
  }
  return {
    path: written.path,
    ratePerSecond,
    durationMs,
    p95Seconds: written.p95 === undefined ? DEFAULTS.p95Seconds : written.p95 / 1_000,
    errorShare: written.errorShare ?? DEFAULTS.errorShare,
    versusStable: written.versusStable ?? null,
  };
}
