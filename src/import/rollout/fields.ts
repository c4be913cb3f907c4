/**
 * What becomes of every field of Argo's Rollout (argo-rollouts v1.10.1, `rollout-crd.yaml`) on Kubernetes. A row speaks
 * for all that lies below it, unless a longer one does. docs/import.md has the same table; tests hold it against the CRD
 * and against what is accepted.
 */
export interface FieldRow {
  /** `[]`: any entry of a list. */
  readonly path: string;
  readonly verdict: 'kept' | 'differs' | 'unneeded' | 'refused';
  readonly text: string;
}

const row =
  (verdict: FieldRow['verdict']) =>
  (path: string, text: string): FieldRow => ({ path, verdict, text });
const kept = row('kept');
const differs = row('differs');
const unneeded = row('unneeded');
const refused = row('refused');

const CANARY = 'spec.strategy.canary';
const ROUTING = `${CANARY}.trafficRouting`;
const STEP = `${CANARY}.steps[]`;
const BLUE_GREEN = 'spec.strategy.blueGreen';

const NO_ROUTER = 'this router is not written to; Istio and the Gateway API are';
const OLD_REVISIONS = 'one old revision is kept, for the window; its history stands in Temporal';

/** Fields of an analysis, wherever one stands. */
const analysis = (at: string): FieldRow[] => [
  kept(at, 'an analysis of the release; judged as docs/analysis.md says'),
  unneeded(`${at}.analysisRunMetadata`, 'there is no AnalysisRun object; the readings stand in the history'),
];

export const ROLLOUT_FIELDS: readonly FieldRow[] = [
  kept('spec.replicas', 'pods of the stable side'),
  kept('spec.selector', 'the selector of every revision, with a label of its own added'),
  kept('spec.template', 'the pod template of each revision, whole'),
  kept('spec.minReadySeconds', 'target.minReadySeconds'),
  unneeded('spec.revisionHistoryLimit', OLD_REVISIONS),
  unneeded('spec.analysis', 'there are no AnalysisRun objects to keep; each run stands in the history'),
  kept('spec.progressDeadlineSeconds', 'canary.readyDeadline'),
  differs('spec.progressDeadlineAbort', 'a release that misses its deadline always goes back'),
  refused('spec.paused', 'a release runs when somebody starts it; `shiplock pause` stops one'),
  refused('spec.restartAt', 'a restart is no release; `shiplock restart` does it'),
  kept('spec.rollbackWindow', 'canary.rollbackWindow'),
  kept('spec.workloadRef', 'target.adopts: the Deployment serves until the first release; kind Deployment only'),
  kept('spec.strategy', 'one of canary and blueGreen'),
  kept(`${CANARY}`, 'steps, then a promotion that asks nobody, as in Argo'),
  kept(`${CANARY}.canaryService`, 'target.canaryService'),
  kept(`${CANARY}.stableService`, 'target.stableService'),
  ...analysis(`${CANARY}.analysis`),
  kept(`${CANARY}.antiAffinity`, 'pods of the canary keep away from those of the stable side'),
  kept(`${CANARY}.canaryMetadata`, 'labels and annotations of live pods while they are the canary'),
  kept(`${CANARY}.stableMetadata`, 'the same while they are the stable side'),
  kept(`${CANARY}.maxSurge`, 'scale.maxSurge, without a router'),
  kept(`${CANARY}.maxUnavailable`, 'scale.maxUnavailable, without a router'),
  kept(`${CANARY}.dynamicStableScale`, 'scale.dynamicStableScale'),
  kept(`${CANARY}.minPodsPerReplicaSet`, 'scale.minPodsPerReplicaSet'),
  kept(`${CANARY}.abortScaleDownDelaySeconds`, 'scale.abortScaleDownDelay; 0 means never, as in Argo'),
  kept(`${CANARY}.scaleDownDelaySeconds`, 'the window, in which going back is one switch'),
  unneeded(`${CANARY}.scaleDownDelayRevisionLimit`, OLD_REVISIONS),
  kept(`${CANARY}.pingPong`, 'target.traffic.pingPong'),
  refused(`${CANARY}.replicaProgressThreshold`, 'a side gets its share once all pods that it needs for it are ready'),
  kept(`${STEP}.setWeight`, 'a step'),
  differs(`${STEP}.pause`, 'a step; without a duration it waits at most canary.openPauseDeadline (1h), Argo for ever'),
  ...analysis(`${STEP}.analysis`),
  refused(`${STEP}.experiment`, 'a release has two sides; write an analysis, or a comparison with a fresh baseline'),
  refused(
    `${STEP}.plugin`,
    'steps are the engine’s own; a gate, or a metric of web or job, may call what a plugin did',
  ),
  kept(`${STEP}.setCanaryScale`, 'a step; needs a router'),
  kept(`${STEP}.setHeaderRoute`, 'a step; needs a router'),
  kept(`${STEP}.setMirrorRoute`, 'a step; needs a router'),
  kept(`${ROUTING}.istio`, 'weights of its VirtualServices; all else in them survives'),
  refused(`${ROUTING}.istio.destinationRule.additionalSubsetNames`, 'they are for experiments'),
  kept(`${ROUTING}.managedRoutes`, 'routes that steps may make'),
  kept(`${ROUTING}.plugins`, 'argoproj-labs/gatewayAPI: weights of its HTTPRoutes and GRPCRoutes; no other plugin'),
  refused(`${ROUTING}.maxTrafficWeight`, 'weights are percent; 100 is accepted'),
  ...['nginx', 'alb', 'smi', 'ambassador', 'appMesh', 'traefik', 'apisix'].map((name) =>
    refused(`${ROUTING}.${name}`, NO_ROUTER),
  ),
  kept(`${BLUE_GREEN}`, 'a cutover; needs a router in target.traffic'),
  kept(`${BLUE_GREEN}.activeService`, 'target.stableService'),
  kept(`${BLUE_GREEN}.previewService`, 'target.canaryService'),
  kept(`${BLUE_GREEN}.autoPromotionEnabled`, 'false: a person approves the switch'),
  kept(`${BLUE_GREEN}.autoPromotionSeconds`, 'cutover.pause'),
  ...analysis(`${BLUE_GREEN}.prePromotionAnalysis`),
  ...analysis(`${BLUE_GREEN}.postPromotionAnalysis`),
  refused(`${BLUE_GREEN}.previewReplicaCount`, 'a preview has the full size; the value of replicas is accepted'),
  kept(`${BLUE_GREEN}.scaleDownDelaySeconds`, 'the window'),
  unneeded(`${BLUE_GREEN}.scaleDownDelayRevisionLimit`, OLD_REVISIONS),
  kept(`${BLUE_GREEN}.abortScaleDownDelaySeconds`, 'scale.abortScaleDownDelay; 0 means never, as in Argo'),
  unneeded(`${BLUE_GREEN}.maxUnavailable`, 'it is for restarts, which a release does not make'),
  kept(`${BLUE_GREEN}.activeMetadata`, 'labels and annotations of live pods while they are the stable side'),
  kept(`${BLUE_GREEN}.previewMetadata`, 'the same while they are the new one'),
  kept(`${BLUE_GREEN}.antiAffinity`, 'pods of the new side keep away from those of the old'),
];

/** The row that speaks for a path, the longest that fits. @example rowOf('spec.strategy.canary.steps[3].setWeight') */
export function rowOf(path: string): FieldRow | null {
  const general = path.replace(/\[\d+\]/g, '[]');
  const fitting = ROLLOUT_FIELDS.filter(({ path: own }) => isBelow(general, own));
  return fitting.sort((a, b) => b.path.length - a.path.length)[0] ?? null;
}

const isBelow = (path: string, above: string): boolean =>
  path === above || path.startsWith(`${above}.`) || path.startsWith(`${above}[`);
