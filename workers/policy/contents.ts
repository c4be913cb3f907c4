import type { Webhook } from '../../activities/notify/index.ts';
import type { TrustLevel } from '../../src/plan/index.ts';
import type { Mapped } from './addresses.ts';

/**
 * What a worker lets releases do. Whoever may start workflows may not therefore run anything: the worker's owner says
 * which services, environments, commands, directories and metric hosts there are. What is not named is refused.
 *
 * @example
 * services: [credlink-api]
 * environments: [staging, production]
 * platforms: [local, kubernetes]
 * clusters:                # without kubeconfig: as kubectl finds it, or the account of the worker's pod
 *   production: { kubeconfig: /etc/shiplock/kubeconfig, context: prod, namespaces: [shop, 'team-*'] }
 * commands:                # a `*` stands for part of one word, a last `**` for any further words
 *   - pnpm test **
 *   - [pnpm, audit, --json]
 * directories: [/srv/credlink]                     # or relative to this file
 * hosts: ['prometheus.monitoring.svc.cluster.local:9090']
 * prometheus: { '*': embedded }                    # every metric address, on a laptop
 * addresses: { 'https://api.datadoghq.com': { 'production*': 'https://api.datadoghq.eu' } }
 * secrets:                 # sent to these hosts alone, over https (on loopback http, too)
 *   datadog/api-key: { env: DATADOG_API_KEY, hosts: [api.datadoghq.eu] }
 * environment: [PATH, HOME, CI]                    # what gates and builders see of the worker's own
 * workloadEnvironment: [NODE_ENV, 'FEATURE_*']     # what a plan may set for its workload
 * approvals: { requires: { production: identity }, mandatory: [production] }
 * images: { repositories: ['registry.example:5000/credlink/*'] }  # `*` stands for part of one piece between slashes
 * databases:               # postgres://…, only the worker reads it; without services and environments: every one
 *   credlink: { url: { env: CREDLINK_DATABASE_URL }, services: ['credlink-*'], environments: [production] }
 * webhooks: { deploys: { url: 'https://hooks.example/releases', secret: { env: DEPLOYS_SECRET } } }
 */
export interface Policy {
  readonly services: readonly string[];
  readonly environments: readonly string[];
  readonly platforms: readonly ('local' | 'kubernetes' | 'argo')[];
  /** Where releases on Kubernetes may run, by name. */
  readonly clusters: Readonly<Record<string, Cluster>>;
  /** Words; see `matchesCommand`. */
  readonly commands: readonly (readonly string[])[];
  /** Absolute. */
  readonly directories: readonly string[];
  /** `host` (any port) or `host:port`; `*` stands for part of one label. */
  readonly hosts: readonly string[];
  /** Names (or patterns) of the worker's variables that gates and builders may see. */
  readonly environment: readonly string[];
  /** Names (or patterns) of variables that a plan may set for its workload. */
  readonly workloadEnvironment: readonly string[];
  /**
   * Where an address of Prometheus is really reached, `embedded` for the stack's own; the key `*` stands for every one.
   * Instead of an address: one for each environment (or pattern).
   */
  readonly prometheus: Readonly<Record<string, Mapped>>;
  /** The same for the addresses of any metric provider, by origin; what follows it is kept. */
  readonly addresses: Readonly<Record<string, Mapped>>;
  /** What metric providers are told, by `NAME/KEY` of a template's `secretKeyRef`: a variable, and whom it is for. */
  readonly secrets: Readonly<Record<string, Secret>>;
  readonly approvals: {
    /** The least proof of a person that a plan must ask for, by environment (or pattern). */
    readonly requires: Readonly<Record<string, TrustLevel>>;
    /** Environments in which nothing is promoted without a person. */
    readonly mandatory: readonly string[];
  };
  readonly images: {
    /** Repositories (or patterns) that may be built, pushed and asked about. */
    readonly repositories: readonly string[];
  };
  /** What migrations may change, by name. */
  readonly databases: Readonly<Record<string, Database>>;
  /** Who may be told of a release's changes, by name. */
  readonly webhooks: Readonly<Record<string, Webhook>>;
  /** Gates run as this user, who cannot read what the worker holds. Needs a worker that runs as root. */
  readonly runAs: { readonly uid: number; readonly gid: number } | null;
}

/** A cluster, as whom the worker reaches it, and what may run there. */
export interface Cluster {
  /** Absolute; absent: `KUBECONFIG`, the account of the worker's pod, or `~/.kube/config`. */
  readonly kubeconfig?: string | undefined;
  /** Of the kubeconfig; absent: its current one. */
  readonly context?: string | undefined;
  /** Namespaces (or patterns). */
  readonly namespaces: readonly string[];
  /** Kubernetes' Pod Security Standard that pods must keep to. */
  readonly podSecurity: 'baseline' | 'privileged';
  /** Where Prometheus has the router's counters of requests: a weight counts once they agree with it. */
  readonly routerMetrics?: { readonly prometheus: string; readonly requests: string } | undefined;
}

/** A database that migrations may change, and whose. */
export interface Database {
  /** Which variable of the worker holds its connection string. */
  readonly url: { readonly env: string };
  /** Services (or patterns) whose releases may change it; absent: any that the policy allows. */
  readonly services?: readonly string[] | undefined;
  /** Environments (or patterns) in which they may; absent: any that the policy allows. */
  readonly environments?: readonly string[] | undefined;
}

/** A secret that metric providers are told, and which. */
export interface Secret {
  /** Which variable of the worker holds it; at least 8 characters. */
  readonly env: string;
  /** `host` (any port) or `host:port`, as in the policy's own `hosts`; after the mapping of addresses. */
  readonly hosts: readonly string[];
}
