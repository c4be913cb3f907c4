/** Release files and Argo manifests in, a `Plan` out. */
export { analysesOf, kubernetesJobsOf } from './analyses.ts';
export { type Checked, type CheckedFiles, checkFiles } from './check-files.ts';
export { canonicalJson, planDigest } from './digest.ts';
export { formatDuration, parseDuration } from './duration.ts';
export type * from './kayenta-plan.ts';
export type * from './plan.ts';
export { PLAN_FORMAT, TRUST_LEVELS } from './plan.ts';
export { formatProblem, type PlanCode, type Problem } from './problem.ts';
export { type Compiled, type CompileRequest, compileRelease } from './release/compile.ts';
export { releaseJsonSchema } from './release/json-schema.ts';
export { type DescribeOptions, describePlan, describeRollout } from './render/describe.ts';
export { earliestDurationMs } from './render/timeline.ts';
export type * from './routes.ts';
export type * from './target.ts';
export { whereabouts } from './target.ts';
export { validatePlan } from './validate.ts';
