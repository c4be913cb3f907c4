/** Where a MetricTemplate is asked, as a provider of an AnalysisTemplate. */

import type { Path } from '../../plan/problem.ts';
import { DNS_LABEL } from '../../plan/shape/fields.ts';
import type { Ledger } from '../ledger.ts';
import type { Metric } from './canary-schema.ts';
import type { SecretArguments } from './metrics.ts';
import type { MetricTemplate } from './template-schema.ts';

interface Asked {
  readonly query: string;
  readonly metric: Metric;
  readonly at: Path;
  readonly ledger: Ledger;
  readonly secrets: SecretArguments;
}

const PROMETHEUS = 'http://prometheus:9090';
/** Datadog is asked for ten times the metric's interval (flagger `providers/datadog.go`). */
const DATADOG_INTERVALS = 10;

export function providerOf(template: MetricTemplate, asked: Asked): object | null {
  const { provider } = template.spec;
  const { ledger, at } = asked;
  const ref = [...at, 'templateRef'];
  if (provider.region) ledger.unneeded(ref, `region ${provider.region}: only CloudWatch has one`);
  switch (provider.type) {
    case 'prometheus':
      return { prometheus: prometheusOf(template, asked) };
    case 'datadog':
      return { datadog: datadogOf(template, asked) };
    default: {
      const message = `the MetricTemplate ${template.metadata.name} asks ${provider.type}, which Shiplock does not ask; it asks prometheus and datadog, and by AnalysisTemplates web and job`;
      ledger.refuse(ref, message);
      return null;
    }
  }
}

function prometheusOf({ metadata, spec }: MetricTemplate, { query, at, ledger, secrets }: Asked) {
  const { address, headers, secretRef, insecureSkipVerify } = spec.provider;
  const ref = [...at, 'templateRef'];
  const sent = Object.entries(headers ?? {}).map(([key, values]) => ({ key, value: values.join(', ') }));
  if (secretRef != null) {
    for (const key of ['username', 'password'])
      secrets.set(`${argument(secretRef.name)}-${key}`, { name: secretRef.name, key });
    const text = `the Secret ${secretRef.name} is taken to hold username and password; where it holds a token, replace basicAuth of ${metadata.name} by a header Authorization. A worker's policy has to name ${secretRef.name}/username and ${secretRef.name}/password under "secrets"`;
    ledger.todo(ref, text);
  }
  const of = (key: string) => `{{args.${argument(secretRef?.name ?? '')}-${key}}}`;
  return {
    address: address ?? PROMETHEUS,
    query,
    ...(sent.length === 0 ? {} : { headers: sent }),
    ...(insecureSkipVerify ? { insecure: true } : {}),
    ...(secretRef == null
      ? {}
      : { authentication: { basicAuth: { username: of('username'), password: of('password') } } }),
  };
}

function datadogOf({ spec }: MetricTemplate, { query, metric, at, ledger }: Asked) {
  const { address, secretRef } = spec.provider;
  const ref = [...at, 'templateRef'];
  ledger.differs(ref, 'the newest point counts; Flagger takes the oldest of its range');
  if (address)
    ledger.todo(ref, `Datadog is asked at https://api.datadoghq.com; have the policy map that to ${address}`);
  if (secretRef != null) {
    const text = `the policy has to name ${secretRef.name}/api-key and ${secretRef.name}/app-key under "secrets"; Flagger's Secret calls them datadog_api_key and datadog_application_key`;
    ledger.todo(ref, text);
  }
  const minutes = /^(\d+)(m|s)/.exec(metric.interval ?? '');
  const interval = minutes === null ? '10m' : `${Number(minutes[1]) * DATADOG_INTERVALS}${minutes[2]}`;
  return { interval, query, ...(secretRef == null ? {} : { secretRef: { name: secretRef.name } }) };
}

/** A Secret's name as part of an argument's. */
const argument = (name: string) => (DNS_LABEL.test(name) ? name : name.replace(/[^a-z0-9-]/g, '-'));
