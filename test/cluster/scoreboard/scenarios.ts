/**
 * The end-to-end tests of Argo Rollouts, `test/e2e/*_test.go` at commit 9f8d111d8 (2026-08-17), in an order of our own:
 * their numbers are what the scoreboard is sorted by.
 */
const SUITES: readonly (readonly [suite: string, names: readonly string[]])[] = [
  [
    'FunctionalSuite',
    [
      'TestRolloutAbortRetryPromote',
      'TestCanaryPromoteFull',
      'TestBlueGreenPromoteFull',
      'TestRolloutRestart',
      'TestRolloutPDBRestart',
      'TestRolloutPodVolumesItemsSpec',
      'TestMalformedRollout',
      'TestMalformedRolloutEphemeralCtr',
      'TestContainerResourceFormats',
      'TestRolloutGoodToBadUpdate',
      'TestRolloutBadToGoodUpdate',
      'TestRolloutBadToBadUpdate',
      'TestRolloutBadToGoodSetWeightUpdate',
      'TestBlueGreenUpdate',
      'TestBlueGreenToCanary',
      'TestFixInvalidSpec',
      'TestBlueGreenScaleDownDelay',
      'TestBlueGreenExceedProgressDeadlineAbort',
      'TestBlueGreenScaleDownOnAbort',
      'TestKubectlWaitForPaused',
      'TestCompleteRolloutRestart',
      'TestKubectlWaitForCompleted',
      'TestWorkloadRefTemplate',
      'TestWorkloadRef',
      'TestControllerMetrics',
      'TestRolloutPauseDurationGreaterThanProgressDeadlineSeconds',
      'TestScaleDownOnSuccess',
      'TestScaleDownProgressively',
      'TestScaleDownProgressivelyCompleted',
      'TestScaleDownProgressivelyCompletedCanary',
      'TestNeverScaleDown',
      'TestSpecAndReplicaChangeSameTime',
      'TestBlueGreenPreviewReplicaCountPromoteFull',
    ],
  ],
  [
    'CanarySuite',
    [
      'TestCanarySetCanaryScale',
      'TestRolloutScalingWhenPaused',
      'TestRolloutWithMaxSurgeScalingDuringUpdate',
      'TestRolloutScalingDuringUpdate',
      'TestReduceWeightAndHonorMaxUnavailable',
      'TestEphemeralMetadata',
      'TestCanaryProgressDeadlineExceededWithPause',
      'TestCanaryScaleDownDelayWithProgressDeadline',
      'TestCanaryScaleDownDelay',
      'TestCanaryScaleDownOnAbort',
      'TestCanaryScaleDownOnAbortNoTrafficRouting',
      'TestCanaryWithPausedRollout',
      'TestCanaryUnScaleDownOnAbort',
      'TestCanaryDynamicStableScale',
      'TestCanaryDynamicStableScaleAbortScaleDownDelay',
      'TestCanaryDynamicStableScaleRollbackToStable',
      'TestCanaryWithSpecPause',
    ],
  ],
  [
    'BlueGreenSuite',
    [
      'TestEphemeralMetadata',
      'TestBlueGreenProgressDeadlineExceededWithPause',
      'TestBlueGreenProgressDeadlineExceededWithoutPause',
      'TestBlueGreenPreviewReplicaCount',
    ],
  ],
  [
    'AnalysisSuite',
    [
      'TestCanaryBackgroundAnalysis',
      'TestCanaryInconclusiveBackgroundAnalysis',
      'TestCanaryInlineAnalysis',
      'TestCanaryInlineMultipleAnalysis',
      'TestCanaryFailInlineMultipleAnalysis',
      'TestBlueGreenAnalysis',
      'TestBlueGreenPrePromotionFail',
      'TestBlueGreenPostPromotionFail',
      'TestBlueGreenAbortAndUpdate',
      'TestBlueGreenKitchenSink',
      'TestMultipleAnalysis',
      'TestAnalysisWithSecret',
      'TestAnalysisWithArgs',
      'TestBackgroundAnalysisWithArgs',
      'TestCanaryInlineAnalysisLongRunningJobWithDeadline',
      'TestCanaryBackgroundAnalysisLongRunningJobWithDeadline',
      'TestCanaryBackgroundAnalysisLongRunningJob',
      'TestCanaryInlineAnalysisInvalidImageJob',
      'TestCanaryBackgroundAnalysisInvalidImageJob',
    ],
  ],
  [
    'ExperimentSuite',
    [
      'TestRolloutWithExperimentAndAnalysis',
      'TestExperimentWithServiceAndScaleDownDelay',
      'TestExperimentWithServiceNameAndScaleDownDelay',
      'TestExperimentWithMultiportServiceAndScaleDownDelay',
      'TestExperimentWithDryRunMetrics',
      'TestExperimentWithMeasurementRetentionMetrics',
    ],
  ],
  ['RollbackSuite', ['TestRollbackAnalysisWithinWindow', 'TestRollbackAnalysisOutsideWindow']],
  [
    'StepPluginSuite',
    [
      'TestRolloutCompletesWhenStepSuccessful',
      'TestRolloutAbortWhenStepFails',
      'TestRolloutAbortStepsWhenAborted',
      'TestRolloutRetryAbortedRollout',
      'TestRolloutCompletesWhenPromotedAndStepRunning',
      'TestRolloutRetriesUntilDeadlineWhenRunning',
      'TestRolloutRetriesUntilDeadlineWhenError',
      'TestRolloutStatusIsNotUsedOnNewRollout',
      'TestRolloutErrorWhenStepPluginNotConfigured',
      'TestRolloutSkipPluginWhenDisabled',
    ],
  ],
  [
    'IstioSuite',
    [
      'TestIstioHostSplit',
      'TestIstioHostSplitOnlyTls',
      'TestIstioSubsetSplit',
      'TestIstioSubsetSplitSingleRoute',
      'TestIstioAbortUpdate',
      'TestIstioUpdateInMiddleZeroCanaryReplicas',
      'TestIstioAbortUpdateDeleteAllCanaryPods',
      'TestIstioHostSplitExperimentStep',
      'TestIstioSubsetSplitExperimentStep',
      'TestIstioPingPongUpdate',
      'TestIstioSubsetSplitInStableDownscaleAfterCanaryAbort',
    ],
  ],
  ['HeaderRouteSuite', ['TestIstioHostHeaderRoute']],
  ['MirrorRouteSuite', ['TestIstioHostMirrorRoute']],
  ['SMISuite', ['TestSMIExperimentStep']],
  ['SMIIngressSuite', ['TestSMIIngressCanaryStep']],
  ['AppMeshSuite', ['TestAppMeshCanaryRollout']],
  ['APISIXSuite', ['TestAPISIXCanaryStep', 'TestAPISIXCanarySetHeaderStep']],
  [
    'AWSSuite',
    [
      'TestALBCanaryUpdate',
      'TestALBCanaryUpdateMultiIngress',
      'TestALBBlueGreenUpdate',
      'TestALBPingPongUpdate',
      'TestALBMesh_PingPong_StableCanary_Update',
      'TestALBPingPongUpdateMultiIngress',
      'TestALBExperimentStep',
      'TestALBExperimentStepMultiIngress',
      'TestALBExperimentStepNoSetWeight',
      'TestALBExperimentStepNoSetWeightMultiIngress',
      'TestAlbHeaderRoute',
      'TestAlbHeaderRouteMultiIngress',
    ],
  ],
  [
    'DurationSuite',
    [
      'TestCanaryDuration_InitialRollout',
      'TestCanaryDuration_SpecPaused',
      'TestCanaryDuration_PauseStep',
      'TestCanaryDuration_IndefinitePauseStep',
      'TestCanaryDuration_FullyPromoted',
      'TestCanaryDuration_Abort',
      'TestCanaryDuration_Retry',
      'TestCanaryDuration_SupersededRollout',
      'TestCanaryDuration_SupersededRollback',
      'TestCanaryDuration_RollbackOutsideWindow',
      'TestCanaryDuration_RollbackInsideWindow',
      'TestCanaryDuration_ScalingOnly',
      'TestBlueGreenDuration_InitialRollout',
      'TestBlueGreenDuration_SpecPaused',
      'TestBlueGreenDuration_AutoPromotion',
      'TestBlueGreenDuration_ManualPromotion',
      'TestBlueGreenDuration_FullyPromoted',
      'TestBlueGreenDuration_Abort',
      'TestBlueGreenDuration_Retry',
      'TestBlueGreenDuration_SupersededRollout',
      'TestBlueGreenDuration_SupersededRollbackToStable',
      'TestBlueGreenDuration_SupersededRollback',
      'TestBlueGreenDuration_RollbackOutsideWindow',
      'TestBlueGreenDuration_RollbackInsideWindow',
      'TestBlueGreenDuration_ScalingOnly',
    ],
  ],
];

export interface Scenario {
  /** 1..146. */
  readonly number: number;
  readonly suite: string;
  /** As Argo calls it; one name is in two suites. */
  readonly name: string;
}

/** All of them, by number. */
export const SCENARIOS: readonly Scenario[] = SUITES.flatMap(([suite, names]) =>
  names.map((name) => ({ suite, name })),
).map((scenario, index) => ({ number: index + 1, ...scenario }));

/**
 * The scenario of a name, or of `Suite/Name` where two suites have it.
 *
 * @throws RangeError where there is none, or more than one.
 * @example scenarioOf('BlueGreenSuite/TestEphemeralMetadata').number // 51
 */
export function scenarioOf(called: string): Scenario {
  const [name = '', suite] = called.split('/').reverse();
  const found = SCENARIOS.filter((one) => one.name === name && (suite === undefined || one.suite === suite));
  const [only, ...more] = found;
  if (!only || more.length > 0)
    throw new RangeError(`${found.length} scenarios are called ${called}; there must be one`);
  return only;
}
