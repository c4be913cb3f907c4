/** A Canary of Flagger's, with its MetricTemplates and AlertProviders, as a release file. */
import { formatDuration } from '../../plan/duration.ts';
import { createReport, type Path } from '../../plan/problem.ts';
import { readDocuments } from '../../plan/yaml/read.ts';
import { yamlText } from '../document.ts';
import { headerOf } from '../header.ts';
import { createLedger, type Imported, type Ledger, outcome } from '../ledger.ts';
import { labelOf } from '../names.ts';
import { alertsOf } from './alerts.ts';
import { createAnalyses } from './analyses.ts';
import type { Analysis, Canary, ProviderName } from './canary-schema.ts';
import { deploymentOf } from './deployment.ts';
import { type FlaggerManifests, readManifests } from './manifests.ts';
import { metricsOf, type SecretArguments } from './metrics.ts';
import { noteRest, noteSpec } from './noted.ts';
import { rhythmOf } from './rhythm.ts';
import { sectionsOf } from './sections.ts';
import { type Strategy, strategyOf } from './strategy.ts';
import { noteService, trafficOf } from './traffic.ts';
import { hooksOf } from './webhooks.ts';

export interface FlaggerRequest {
  readonly files: readonly string[];
  /** Where the release file is to lie; its paths are relative to that. */
  readonly output: string;
  /** Which Canary, where the files hold several. */
  readonly name?: string | undefined;
  /** A cluster of the policy. */
  readonly cluster?: string | undefined;
  /** Of manifests that name none. Default: default. */
  readonly namespace?: string | undefined;
  /** Flagger's `-mesh-provider`. Default: istio. */
  readonly provider?: ProviderName | undefined;
  /** Flagger's `-metrics-server`. Default: http://prometheus:9090. */
  readonly prometheus?: string | undefined;
  /** An HTTPRoute that splits the traffic, instead of what Flagger used. */
  readonly route?: string | undefined;
}

/** Flagger's own defaults (flagger `cmd/flagger/main.go`, `canary.go`). */
const PROVIDER = 'istio';
const PROMETHEUS = 'http://prometheus:9090';
const PROGRESS_DEADLINE_SECONDS = 600;

/** Never throws for what is written in the files: every error and every field that is refused has its place. */
export function importFlagger(request: FlaggerRequest): Imported {
  const report = createReport();
  const sources = request.files.flatMap((file) => readDocuments(file, file, report));
  const wanted = { name: request.name, namespace: request.namespace ?? 'default' };
  const manifests = readManifests(sources, wanted, report);
  if (manifests === null) return outcome(report, [], null);
  const ledger = createLedger(manifests.canary.source, report);
  const made = compose(request, manifests, ledger);
  return outcome(report, ledger.notes(), made);
}

function compose(request: FlaggerRequest, manifests: FlaggerManifests, ledger: Ledger) {
  const { metadata, spec } = manifests.canary.value;
  const namespace = metadata.namespace ?? request.namespace ?? 'default';
  const provider = spec.provider ?? request.provider ?? PROVIDER;
  const apex = spec.service.name ?? spec.targetRef.name;
  const service = labelOf(apex);
  const names = { apex, stable: `${apex}-primary`, canary: `${apex}-canary` };
  const { analysis, at } = analysisOf(manifests.canary.value);
  const deployment = deploymentOf(request.output, manifests, ledger);
  noteSpec(spec, ledger, request);
  noteService(spec.service, analysis, ledger);
  const traffic = trafficOf({
    ledger,
    provider,
    namespace,
    names,
    selector: deployment.selector,
    service: spec.service,
    route: request.route,
  });
  const secrets: SecretArguments = new Map();
  const analyses = createAnalyses(service, secrets);
  const effective = analysis ?? {};
  const skipped = analysis === null || spec.skipAnalysis === true;
  const rhythm = rhythmOf(effective, ledger, at);
  const strategy: Strategy = skipped
    ? { kind: 'skip' }
    : strategyOf(effective, provider, { at, routed: request.route !== undefined, service, ledger });
  if (skipped) ledger.kept(['spec', 'skipAnalysis'], 'all traffic moves in one switch, once the new side is ready');
  const model = {
    name: metadata.name,
    namespace,
    target: spec.targetRef.name,
    service: apex,
    ingress: spec.ingressRef?.name ?? spec.targetRef.name,
    route: spec.routeRef?.name ?? spec.targetRef.name,
    workload: `${service}-{{args.revision}}`,
  };
  const prometheus = spec.metricsServer ?? request.prometheus ?? PROMETHEUS;
  const context = { ledger, provider, prometheus, rhythm, model, templates: manifests.metricTemplates };
  const metrics = skipped ? [] : metricsOf(effective.metrics ?? [], [...at, 'metrics'], context, secrets);
  const canary = { name: metadata.name, namespace };
  const webhooks = (effective.webhooks ?? []).filter(
    ({ type }) => !skipped || ['confirm-rollout', 'post-rollout', 'event'].includes(type ?? ''),
  );
  const hooks = hooksOf(webhooks, [...at, 'webhooks'], { ledger, rhythm, canary });
  const notify = [
    ...new Set([...hooks.notify, ...alertsOf(effective.alerts ?? [], at, manifests.alertProviders, namespace, ledger)]),
  ];
  checkNames([...metrics, ...hooks.during], at, ledger);
  noteRest(effective, at, skipped, ledger);
  const readyDeadline = formatDuration((spec.progressDeadlineSeconds ?? PROGRESS_DEADLINE_SECONDS) * 1_000);
  ledger.kept(['spec', 'progressDeadlineSeconds'], `readyDeadline ${readyDeadline}`);
  const templates = `${service}-analysis.yaml`;
  const sections = sectionsOf({ strategy, rhythm, metrics, hooks, analyses, readyDeadline, templates });
  const release = {
    apiVersion: 'shiplock/v1',
    kind: 'Release',
    service,
    target: {
      platform: 'kubernetes',
      ...(request.cluster === undefined ? {} : { cluster: request.cluster }),
      namespace,
      ...(deployment.container === null ? {} : { container: deployment.container }),
      deployment: { file: deployment.file, name: spec.targetRef.name },
      adopts: { name: spec.targetRef.name, scaleDown: 'onsuccess' },
      stableService: names.stable,
      canaryService: names.canary,
      ...(traffic.written === null ? {} : { traffic: { ...traffic.written, ...managed(strategy) } }),
    },
    ...(hooks.gates.length > 0 ? { gates: hooks.gates } : {}),
    ...sections,
    ...(notify.length > 0 ? { notify } : {}),
  };
  const objects = `${service}-traffic.yaml`;
  ledger.todo(
    ['spec'],
    `hand over without an outage: set revertOnDeletion: true in the Canary, delete it (Flagger then puts the Deployment ${spec.targetRef.name} back), apply ${objects}, and start the first release, which adopts ${spec.targetRef.name}`,
  );
  const from = `Flagger's Canary ${namespace}/${metadata.name}`;
  const header = headerOf(from, ledger.notes(), ledger.report.errors());
  const stream = (documents: readonly object[]) => documents.map((document) => yamlText(document)).join('---\n');
  return {
    release: { name: 'release.yaml', text: yamlText(release, [], header) },
    files: [
      ...(analyses.manifests().length > 0
        ? [{ name: templates, text: `# What ${service} is judged by.\n${stream(analyses.manifests())}` }]
        : []),
      {
        name: objects,
        text: `# What the traffic of ${service} is split in; apply it before the first release.\n${stream(traffic.objects)}`,
      },
    ],
  };
}

/** Routes that steps make have to be named beforehand. */
function managed(strategy: Strategy): object {
  const route =
    strategy.kind === 'headers' ? strategy.route : strategy.kind === 'weights' ? strategy.mirror : undefined;
  return route === undefined ? {} : { managedRoutes: [route.name] };
}

/** `canaryAnalysis` is what `analysis` was called before. */
function analysisOf({ spec }: Canary): { readonly analysis: Analysis | null; readonly at: string[] } {
  const older = spec.analysis == null && spec.canaryAnalysis != null;
  return {
    analysis: spec.analysis ?? spec.canaryAnalysis ?? null,
    at: ['spec', older ? 'canaryAnalysis' : 'analysis'],
  };
}

function checkNames(metrics: readonly { readonly name: string }[], at: Path, ledger: Ledger): void {
  for (const [index, { name }] of metrics.entries()) {
    if (metrics.findIndex((other) => other.name === name) === index) continue;
    ledger.report.error(
      ledger.source,
      [...at, 'metrics'],
      'SHIPLOCK_PLAN_DUPLICATE',
      `two of the metrics and rollout webhooks are named ${name}; names must differ`,
      'key',
    );
  }
}
