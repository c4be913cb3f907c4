import { ShiplockError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { Problem } from '../plan/problem.ts';

export interface PlanOptions {
  /** The release file. */
  readonly file: string;
  /** What is released: an image tag or a commit. */
  readonly version: string;
  /** Overrides the release file's. */
  readonly environment?: string;
  /** Promote without asking (`true`), or ask (`false`), whatever the release file says. */
  readonly autoPromote?: boolean;
}

export interface CompiledPlan {
  readonly plan: Plan;
  /** SHA-256 of the plan's canonical JSON, hex. */
  readonly planDigest: string;
  readonly warnings: readonly Problem[];
}

/** Compiles a release file here, so that a wrong one is refused before a workflow exists: `SHIPLOCK_PLAN_INVALID`. */
export async function compilePlan({ file, version, environment, autoPromote }: PlanOptions): Promise<CompiledPlan> {
  // The compiler brings zod and yaml, which nothing else here needs.
  const { compileRelease, planDigest } = await import('../plan/index.ts');
  const compiled = compileRelease({ file, version, environment, overrides: { autoPromote } });
  if (!compiled.ok) throw planInvalid(file, compiled.errors);
  return { plan: compiled.plan, planDigest: planDigest(compiled.plan), warnings: compiled.warnings };
}

function planInvalid(file: string, problems: readonly Problem[]): ShiplockError {
  const count = problems.length === 1 ? 'one error' : `${problems.length} errors`;
  return new ShiplockError({
    code: 'SHIPLOCK_PLAN_INVALID',
    message: `${file} has ${count}; nothing was started`,
    mend: `correct what is listed; \`shiplock check ${file}\` looks again`,
    cause: problems,
  });
}

/** Everything that was wrong with a plan, from the error that refused it; empty for any other error. */
export function planProblems(error: unknown): readonly Problem[] {
  if (!(error instanceof ShiplockError) || error.code !== 'SHIPLOCK_PLAN_INVALID') return [];
  return Array.isArray(error.cause) ? error.cause : [];
}
