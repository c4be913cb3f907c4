/** Fields of a Canary's spec that need no section of a release file. */
import type { Ledger } from '../ledger.ts';
import type { Analysis, Canary } from './canary-schema.ts';

export function noteSpec(
  spec: Canary['spec'],
  ledger: Ledger,
  given: { readonly provider?: string | undefined; readonly prometheus?: string | undefined },
): void {
  const analysis = spec.analysis ?? spec.canaryAnalysis;
  const at = ['spec', spec.analysis == null && spec.canaryAnalysis != null ? 'canaryAnalysis' : 'analysis'];
  if (spec.provider == null && given.provider === undefined) {
    ledger.todo(
      ['spec', 'provider'],
      'taken to be istio, Flagger’s default; where the controller’s -mesh-provider says otherwise, give --provider',
    );
  }
  if (spec.metricsServer == null && given.prometheus === undefined) {
    ledger.todo(
      ['spec', 'metricsServer'],
      'taken to be http://prometheus:9090, Flagger’s default; where -metrics-server says otherwise, give --prometheus',
    );
  }
  if (spec.metricsServer != null) ledger.kept(['spec', 'metricsServer'], `asked at ${spec.metricsServer}`);
  if (spec.autoscalerRef != null) {
    const { kind, name } = spec.autoscalerRef;
    ledger.differs(
      ['spec', 'autoscalerRef'],
      `${kind} ${name} is not copied for a second workload, as Flagger does: a release holds it, so that the canary's load does not scale the stable side`,
    );
    if (spec.autoscalerRef.primaryScalerQueries != null || spec.autoscalerRef.primaryScalerReplicas != null) {
      ledger.todo(
        ['spec', 'autoscalerRef'],
        `primaryScalerQueries and primaryScalerReplicas are for Flagger's copy; write into ${name} itself what the stable side needs`,
      );
    }
  }
  if (spec.upstreamRef != null) ledger.unneeded(['spec', 'upstreamRef'], 'only of Gloo');
  if (spec.ingressRef != null)
    ledger.kept(['spec', 'ingressRef'], 'its name stands in the queries; its traffic is not split');
  if (spec.routeRef != null)
    ledger.kept(['spec', 'routeRef'], 'its name stands in the queries; its traffic is not split');
  if (spec.revertOnDeletion != null)
    ledger.unneeded(['spec', 'revertOnDeletion'], 'of Flagger’s own objects; the hand-over uses it');
  if (spec.suspend != null) ledger.unneeded(['spec', 'suspend'], 'a release runs when somebody starts it');
  if (analysis == null) return;
  if (analysis.stepWeightPromotion) {
    ledger.differs(
      [...at, 'stepWeightPromotion'],
      'the canary’s pods stay where they are and become the stable side: nothing is copied to a primary, so there is no second shift of traffic',
    );
  }
  if (analysis.primaryReadyThreshold != null) {
    ledger.unneeded([...at, 'primaryReadyThreshold'], 'there is no primary that a promotion would have to roll');
  }
  if (analysis.canaryReadyThreshold != null && analysis.canaryReadyThreshold !== 100) {
    ledger.refuse(
      [...at, 'canaryReadyThreshold'],
      `is ${analysis.canaryReadyThreshold}: a side gets its share once all pods that it needs for it are ready. Remove it`,
    );
  }
  if (spec.canaryAnalysis != null && spec.analysis != null)
    ledger.unneeded(['spec', 'canaryAnalysis'], 'analysis goes before it');
  ledger.differs(
    at,
    'a release is one run with one record: a newer version waits its turn, or takes over where that is asked for. Flagger starts its run over, unseen',
  );
  ledger.differs(
    at,
    'the old pods stay warm for 10m after the last move of traffic, and going back is one switch; Flagger has none to go back to',
  );
}

/** What is left of an analysis says nothing beside the rest of it: weights beside iterations, metrics that are skipped. */
export function noteRest(analysis: Analysis, at: readonly string[], skipped: boolean, ledger: Ledger): void {
  const said = [...ledger.notes().map(({ field }) => field), ...ledger.report.errors().map(({ path }) => path)];
  for (const [name, value] of Object.entries(analysis)) {
    const field = [...at, name].join('.');
    if (
      value == null ||
      said.some((one) => one === field || one.startsWith(`${field}.`) || one.startsWith(`${field}[`))
    )
      continue;
    ledger.unneeded(
      [...at, name],
      skipped ? 'the analysis is skipped' : 'says nothing beside the rest of the analysis',
    );
  }
}
