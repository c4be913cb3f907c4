/** Where the readings of a plan's metrics come from: plain data, see `plan.ts`. */

import type { JsonObject, MetadataPlan } from './target.ts';

/** Where a metric's readings come from. */
export type Provider = PrometheusQuery | WebRequest | DatadogQuery | JobCommand | KubernetesJob;

/**
 * A text of a provider's own authentication. `{{secret.NAME/KEY}}` stands for a secret: the worker fills it in when it
 * asks, for the hosts that its policy binds the secret to; it stands in no plan, history or log.
 */
export type AuthText = string;

export interface HttpHeader {
  readonly key: string;
  readonly value: AuthText;
}

export interface PrometheusQuery {
  readonly kind: 'prometheus';
  /** As written in the template; a worker may map it to where that Prometheus is reached. */
  readonly address: string;
  readonly query: string;
  readonly timeoutMs: number;
  /** Absent: an instant query. Both are milliseconds before the reading's time. */
  readonly range?: { readonly startMs: number; readonly endMs: number; readonly stepMs: number };
  readonly headers?: readonly HttpHeader[];
  readonly basicAuth?: { readonly username: AuthText; readonly password: AuthText };
  /** The server's certificate is not verified. */
  readonly insecure?: true;
}

/** One HTTP request whose answer, or a part of it, is the value. */
export interface WebRequest {
  readonly kind: 'web';
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers: readonly HttpHeader[];
  /** Absent: none. */
  readonly body?: string;
  /** As `kubectl -o jsonpath`: `{$.data.value}`; `{$}`: the whole answer. */
  readonly jsonPath: string;
  readonly timeoutMs: number;
  readonly insecure?: true;
}

/** How Datadog makes one number of points; Argo's, and the API's (`MetricsAggregator`). */
export const DATADOG_AGGREGATORS = [
  'avg',
  'min',
  'max',
  'sum',
  'last',
  'percentile',
  'mean',
  'l2norm',
  'area',
] as const;

/** Datadog's API: `v1` one query, `v2` scalar queries by name with a formula over them. */
export interface DatadogQuery {
  readonly kind: 'datadog';
  readonly apiVersion: 'v1' | 'v2';
  /** For example `https://api.datadoghq.com`. */
  readonly address: string;
  /** By name; of `v1` just one, named `query`. */
  readonly queries: Readonly<Record<string, string>>;
  /** `v2` only; absent where there is one query. */
  readonly formula?: string;
  /** `v2` only: how points become one number. */
  readonly aggregator: (typeof DATADOG_AGGREGATORS)[number];
  /** How far back the query looks. */
  readonly intervalMs: number;
  readonly apiKey: AuthText;
  readonly appKey: AuthText;
  readonly timeoutMs: number;
}

/** A command that must exit with 0: Argo's Job, on the local platform. */
export interface JobCommand {
  readonly kind: 'job';
  /** Argument list, no shell. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute; absent: the target's. */
  readonly directory?: string;
  /** How often it may be started: the Job's `backoffLimit` and one. */
  readonly attempts: number;
  /** For all attempts together. */
  readonly timeoutMs: number;
}

/** A Job of the release's namespace that must complete: Argo's, on a cluster. */
export interface KubernetesJob {
  readonly kind: 'kubernetesJob';
  /** What it carries beside the engine's own. */
  readonly metadata?: Partial<MetadataPlan>;
  /** Its JobSpec (batch/v1) as JSON, always with `activeDeadlineSeconds` and `ttlSecondsAfterFinished`. */
  readonly spec: JsonObject;
  /** Its `activeDeadlineSeconds`. */
  readonly timeoutMs: number;
}
