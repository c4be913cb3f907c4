/** The parts of a plan in a few words each: the cells of its table. */
import { comparisonText } from '../../analysis/index.ts';
import { describeRhythm } from '../argo/metric.ts';
import { formatDuration } from '../duration.ts';
import { jobText } from '../job-spec.ts';
import type {
  ApprovalPlan,
  ConfigurationEdit,
  Gate,
  ImagePlan,
  MetricPlan,
  Migration,
  MonitorPlan,
  OnFailure,
  PerformanceCheck,
  SecurityCheck,
} from '../plan.ts';

export const THEN_BACK = 'then back';

export const within = (ms: number, then: string = THEN_BACK) => `${formatDuration(ms)}, ${then}`;

/** What the failure of a phase with a choice leads to: the phase is undone, or the release goes back. */
export const failing = (onFailure: OnFailure) => (onFailure === 'phase' ? 'then undone' : THEN_BACK);

export function gateText(gate: Gate): string {
  switch (gate.kind) {
    case 'command':
      return `${gate.name}: ${gate.command.join(' ')}`;
    case 'coverage':
      return `${gate.name}: ${gate.report} at ${gate.minimumPercent} % or more`;
    case 'audit':
      return `${gate.name}: ${gate.command?.join(' ') ?? `${gate.report} (recorded)`}, nothing ${gate.level} or worse`;
    case 'web':
      return `${gate.name}: POST ${gate.url} answers 2xx${gate.retries === 0 ? '' : `, asked up to ${gate.retries + 1} times every ${formatDuration(gate.intervalMs)}`}`;
  }
}

export function imageText({ repository, build, digest }: ImagePlan, version: string): string {
  const how = build === null ? 'found' : `built from ${short(`${build.directory}/${build.file}`)}`;
  return `${repository}:${version}, ${how}${digest === null ? '' : `, as ${digest.slice(0, 'sha256:'.length + 12)}…`}`;
}

export function editText({ kind, field, file, carries }: ConfigurationEdit): string {
  const place = kind === 'helm' ? field : `image of ${field}`;
  return `${carries === undefined ? '' : 'digest: '}${place} in ${short(file)}`;
}

export function migrationText({ name, sha256 }: Migration, database: string): string {
  return `${name} on ${database} (SHA-256 ${sha256.slice(0, 12)}…)`;
}

export function metricText(metric: MetricPlan): string {
  return `· ${metric.name}${askedOf(metric.provider)}: ${ruleOf(metric)} · ${describeRhythm(metric)}`;
}

/** Whom a metric asks, where it is not Prometheus. */
function askedOf(provider: MetricPlan['provider']): string {
  switch (provider.kind) {
    case 'prometheus':
      return '';
    case 'web':
      return ` (${provider.method} ${provider.url})`;
    case 'datadog':
      return ' (Datadog)';
    case 'job':
      return ' (job)';
    case 'kubernetesJob':
      return ' (Job)';
  }
}

/** What its readings must be; without a condition every answer is good that is one. */
function ruleOf({ provider, comparison, successCondition, failureCondition }: MetricPlan): string {
  if (provider.kind === 'job') return `good where ${provider.command.join(' ')} exits with 0`;
  if (provider.kind === 'kubernetesJob') return `good where ${jobText(provider)} completes`;
  if (comparison) return comparisonText(comparison);
  const rules = [
    ...(successCondition === null ? [] : [`good: ${successCondition}`]),
    ...(failureCondition === null ? [] : [`bad: ${failureCondition}`]),
  ];
  return rules.join(' ') || 'good: any answer with data';
}

export function lowTrafficText({ requests, atLeast }: NonNullable<MetricPlan['lowTraffic']>): string {
  return `· readings of Prometheus count from ${atLeast} requests on: ${requests}`;
}

export function monitorText({ healthy, unhealthy }: MonitorPlan): string {
  const good = `healthy: success ≥ ${healthy.success}, p95 ≤ ${healthy.p95Seconds} s`;
  return `${good} · unhealthy: success < ${unhealthy.success} or p95 > ${unhealthy.p95Seconds} s`;
}

export function monitorDeadline({ intervalMs, attempts }: MonitorPlan): string {
  return `every ${formatDuration(intervalMs)}, ${attempts} times, then back`;
}

export function approvalText({ quorum, requires, notStarter }: ApprovalPlan): string {
  const who = quorum === 1 ? 'a person approves' : `${quorum} persons approve`;
  const proof = requires === 'anonymous' ? '' : ` (proven by ${requires})`;
  return `${who}${proof}${notStarter ? ', not the starter' : ''}`;
}

export function securityText({ auditGate, headers, image }: SecurityCheck): string {
  const parts = [
    ...(auditGate === null ? [] : [`the report of ${auditGate}`]),
    ...(headers === null ? [] : [`${Object.keys(headers.required).join(', ')} of ${headers.path}`]),
    ...(image ? ['an image whose user is not root'] : []),
  ];
  return `security: ${parts.join(' · ')}`;
}

export function performanceText(check: PerformanceCheck): string {
  const each = check.versusStable === null ? '' : ' on each side';
  const load = `${check.ratePerSecond} requests/s of ${check.path} for ${formatDuration(check.durationMs)}${each}`;
  const bounds = `p95 ≤ ${check.p95Seconds} s, failed ≤ ${Math.round(check.errorShare * 1e6) / 1e4} %`;
  const compared = check.versusStable === null ? '' : `, p95 ≤ ${check.versusStable} × the old side's`;
  return `performance: ${load}: ${bounds}${compared}`;
}

/** The last two parts of a path: enough to know it by. */
function short(file: string): string {
  return file.split('/').slice(-2).join('/');
}
