import { isWithin } from '../../activities/confinement.ts';
import {
  type ApprovalPlan,
  type Gate,
  type Plan,
  TRUST_LEVELS,
  type TrustLevel,
  type WebGate,
} from '../../src/plan/plan.ts';
import { movedAddress } from './addresses.ts';
import { clusterRefusals, restartedPlaceRefusals } from './clusters.ts';
import type { Policy } from './contents.ts';
import { databaseRefusals } from './databases.ts';
import { jobsOf, metricRefusals } from './metrics.ts';
import { matchesCommand, matchesHost, matchesName, matchesRepository } from './patterns.ts';
import { webhookRefusals } from './webhooks.ts';

/**
 * Why a worker with this policy does not carry the plan: every reason, each with what would have to be in the policy.
 * Empty where it may. Pure: whether a directory is a symbolic link out of the policy is looked at when it is used.
 */
export function policyRefusals(plan: Plan, policy: Policy | null): readonly string[] {
  if (policy === null) return NO_POLICY;
  return [
    ...whatAndWhere(plan, policy),
    ...target(plan, policy),
    ...clusterRefusals(plan, policy),
    ...plan.gates.flatMap((gate) => gateRefusals(gate, policy, plan.environment)),
    ...image(plan, policy),
    ...plan.configuration.flatMap((edit) => directory(`configuration file ${edit.file}`, edit.file, policy)),
    ...metricRefusals(plan, policy),
    ...jobsOf(plan).flatMap((job) => jobRefusals(job, policy)),
    ...approvals(plan, policy),
    ...databaseRefusals(plan, policy),
    ...webhookRefusals(plan, policy),
  ];
}

/** Why the policy does not let the pods of the plan's service be restarted. What a release would do besides is no matter. */
export function restartRefusals(plan: Plan, policy: Policy | null): readonly string[] {
  return policy === null ? NO_POLICY : [...whatAndWhere(plan, policy), ...restartedPlaceRefusals(plan, policy)];
}

const NO_POLICY: readonly string[] = [
  'this worker has no policy, so it carries no release; start it with --policy FILE that says what it may do',
];

function whatAndWhere({ service, environment, target }: Plan, policy: Policy): string[] {
  return [
    ...named('service', service, policy.services, 'services'),
    ...named('environment', environment, policy.environments, 'environments'),
    ...named('platform', target.platform, policy.platforms, 'platforms'),
  ];
}

/** What a gate sees of the worker's own variables: never Temporal's or a secret's, whatever the policy names. */
export function gateEnvironment(own: NodeJS.ProcessEnv, policy: Policy | null): Record<string, string> {
  const secrets = new Set([
    ...Object.values(policy?.webhooks ?? {}).map(({ secret }) => secret.env),
    ...Object.values(policy?.databases ?? {}).map(({ url }) => url.env),
    ...Object.values(policy?.secrets ?? {}).map(({ env }) => env),
  ]);
  const seen = Object.entries(own).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined &&
      !/^TEMPORAL_/i.test(entry[0]) &&
      !secrets.has(entry[0]) &&
      (policy?.environment ?? []).some((pattern) => matchesName(entry[0], pattern)),
  );
  return Object.fromEntries(seen);
}

function named(what: string, name: string, patterns: readonly string[], field: string): string[] {
  if (patterns.some((pattern) => matchesName(name, pattern))) return [];
  return [`the ${what} "${name}" is not in "${field}"`];
}

function target({ target }: Plan, policy: Policy): string[] {
  if (target.platform !== 'local') return [];
  return [
    ...command('the workload', target.command, policy),
    ...directory(`the workload's directory ${target.directory}`, target.directory, policy),
    ...foreign(target.environment, policy).map(
      (name) => `the workload's variable ${name} is not in "workloadEnvironment"`,
    ),
  ];
}

/** Variables that a plan sets and the policy does not let it set. */
const foreign = (environment: Readonly<Record<string, string>>, policy: Policy): string[] =>
  Object.keys(environment).filter((name) => !policy.workloadEnvironment.some((pattern) => matchesName(name, pattern)));

function gateRefusals(gate: Gate, policy: Policy, environment: string): string[] {
  if (gate.kind === 'web') return webGateRefusals(gate, policy, environment);
  const where = directory(`gate ${gate.name}: ${gate.directory}`, gate.directory, policy);
  const argv = gate.kind === 'coverage' ? undefined : gate.command;
  return argv ? [...where, ...command(`gate ${gate.name}`, argv, policy)] : where;
}

/** An address that the policy itself maps needs no place in `hosts`. */
function webGateRefusals({ name, url: text }: WebGate, policy: Policy, environment: string): string[] {
  const url = URL.parse(text);
  if (url === null) return [`gate ${name}: "${text}" is no address`];
  if (movedAddress(text, policy, environment) !== null) return [];
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  if (policy.hosts.some((pattern) => matchesHost(url.hostname, port, pattern))) return [];
  return [`gate ${name}: the address ${url.origin} matches nothing in "hosts" and is not mapped in "addresses"`];
}

function image({ image }: Plan, policy: Policy): string[] {
  if (!image) return [];
  const { repository, build } = image;
  const isNamed = policy.images.repositories.some((pattern) => matchesRepository(repository, pattern));
  return [
    ...(isNamed ? [] : [`the image's repository ${repository} matches nothing in "images.repositories"`]),
    ...(build ? directory(`the image's directory ${build.directory}`, build.directory, policy) : []),
  ];
}

function command(what: string, argv: readonly string[], policy: Policy): string[] {
  if (policy.commands.some((rule) => matchesCommand(argv, rule))) return [];
  return [`${what}: the command ${JSON.stringify(argv)} matches nothing in "commands"`];
}

function directory(what: string, file: string, policy: Policy): string[] {
  if (policy.directories.some((root) => isWithin(file, root))) return [];
  return [`${what} lies in none of "directories"`];
}

/** A job is a command as a gate's is, with variables as a workload's are. */
function jobRefusals({ name, job }: ReturnType<typeof jobsOf>[number], policy: Policy): string[] {
  const what = `the job of the metric ${name}`;
  return [
    ...command(what, job.command, policy),
    ...(job.directory === undefined ? [] : directory(`${what}: ${job.directory}`, job.directory, policy)),
    ...foreign(job.environment, policy).map((variable) => `${what}: ${variable} is not in "workloadEnvironment"`),
  ];
}

function approvals({ environment, promotion, cutover, database }: Plan, policy: Policy): string[] {
  const mandatory = policy.approvals.mandatory.some((pattern) => matchesName(environment, pattern));
  const contract = database?.contract.length ? database.approval : null;
  const asked = [promotion.approval, cutover?.approval, contract].filter((approval) => approval != null);
  const weak = asked.flatMap((approval) => tooWeak(approval, environment, policy));
  return [
    ...(mandatory && !promotion.approval && !cutover?.approval
      ? [`in "${environment}" a person must approve, but the plan promotes automatically`]
      : []),
    ...new Set(weak),
  ];
}

function tooWeak(approval: ApprovalPlan, environment: string, policy: Policy): string[] {
  const rank = (level: TrustLevel) => TRUST_LEVELS.indexOf(level);
  return Object.entries(policy.approvals.requires)
    .filter(([pattern, least]) => matchesName(environment, pattern) && rank(approval.requires) < rank(least))
    .map(
      ([, least]) => `in "${environment}" approvals must require "${least}", the plan asks for "${approval.requires}"`,
    );
}
