import { analysesOf } from '../../src/plan/index.ts';
import type { Plan, Provider } from '../../src/plan/plan.ts';
import { addressOf, isJob, secretsOf, withAddress } from '../../src/plan/provider.ts';
import { mappedAddress } from './addresses.ts';
import type { Policy } from './contents.ts';
import { matchesHost } from './patterns.ts';
import { secretRefusal } from './secrets.ts';

/** Hosts that a plan's metrics ask and the policy neither names nor maps, and secrets that are not for them. */
export function metricRefusals(plan: Plan, policy: Policy): string[] {
  const refusals = providersOf(plan).flatMap((provider) => {
    if (isJob(provider)) return [];
    const mapped = mappedAddress(provider, policy, plan.environment);
    // The embedded Prometheus is told no secret.
    if (mapped === 'embedded') return [];
    const reached = mapped === null ? provider : withAddress(provider, mapped);
    return [...(mapped === null ? hostRefusals(provider, policy) : []), ...secretRefusals(reached, policy)];
  });
  return [...new Set(refusals)];
}

/** The commands that a plan's metrics run, by metric. */
export function jobsOf(plan: Plan) {
  return analysesOf(plan).flatMap(({ metrics }) =>
    metrics.flatMap(({ name, provider }) => (provider.kind === 'job' ? [{ name, job: provider }] : [])),
  );
}

function providersOf(plan: Plan): Provider[] {
  const { monitor } = plan.promotion;
  return [
    ...analysesOf(plan).flatMap(({ metrics }) => metrics.map(({ provider }) => provider)),
    ...(monitor ? [monitor.success, monitor.p95Seconds] : []),
  ];
}

/** An address that the policy itself maps is never spoken to, so it needs no place in `hosts`. */
function hostRefusals(provider: Provider, { hosts }: Policy): string[] {
  const address = addressOf(provider) ?? '';
  const url = URL.parse(address);
  if (!url || !/^https?:$/.test(url.protocol)) return [`the metric address "${address}" is no http(s) address`];
  if (url.username || url.password) return ['a metric address carries credentials; take them out of the plan'];
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  if (hosts.some((pattern) => matchesHost(url.hostname, port, pattern))) return [];
  const field = provider.kind === 'prometheus' ? 'prometheus' : 'addresses';
  const shown = provider.kind === 'web' ? url.origin : address;
  return [`the metric address ${shown} matches nothing in "hosts" and is not mapped in "${field}"`];
}

function secretRefusals(provider: Provider, policy: Policy): string[] {
  const address = addressOf(provider) ?? '';
  const insecure = 'insecure' in provider && provider.insecure === true;
  return secretsOf(provider).flatMap((secret) => secretRefusal({ secret, address, insecure }, policy) ?? []);
}
