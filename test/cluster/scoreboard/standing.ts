import { EQUIVALENTS } from './equivalents.ts';
import type { Scenario } from './scenarios.ts';

/** What is meant of a scenario, before any test has run. */
export type Standing =
  | { readonly kind: 'aimed'; readonly equivalent: string }
  | { readonly kind: 'later'; readonly because: string }
  | { readonly kind: 'not applicable'; readonly because: string };

const BLUE_GREEN = 'blue-green on Kubernetes comes later; locally it is the cutover';
const EXPERIMENT = 'experiments are refused by name for now';

const ROUTER = 'routers are Istio’s, the Gateway API’s, or none for now';
const SMI = 'the Service Mesh Interface was archived by its project in 2023';
const LOAD_BALANCER = 'it needs an account at a vendor; Argo’s own run skips it too';

/** Whole suites. */
const LATER: Readonly<Record<string, string>> = {
  BlueGreenSuite: BLUE_GREEN,
  ExperimentSuite: EXPERIMENT,
  StepPluginSuite: 'step plugins are refused by name for now',
  AnalysisSuite: 'not aimed at yet',
  APISIXSuite: ROUTER,
  AWSSuite: ROUTER,
  DurationSuite: 'not aimed at yet: the outcome of each attempt and how long people took',
};

/** By number. */
const NOT_APPLICABLE: Readonly<Record<number, string>> = {
  105: SMI,
  106: SMI,
  107: 'App Mesh was discontinued by its vendor',
  110: LOAD_BALANCER,
  111: LOAD_BALANCER,
  112: LOAD_BALANCER,
};

export function standingOf({ number, suite, name }: Scenario): Standing {
  const equivalent = EQUIVALENTS[number];
  if (equivalent !== undefined) return { kind: 'aimed', equivalent };
  const never = NOT_APPLICABLE[number];
  if (never !== undefined) return { kind: 'not applicable', because: never };
  return { kind: 'later', because: laterBecause(suite, name) };
}

function laterBecause(suite: string, name: string): string {
  if (/Experiment/.test(name)) return EXPERIMENT;
  // It scales a Deployment through updates of a blue-green Rollout, though its name does not say so.
  if (/BlueGreen/.test(name) || name === 'TestScaleDownProgressivelyCompleted') return BLUE_GREEN;
  const because = LATER[suite];
  if (because === undefined) throw new RangeError(`${suite}/${name} is neither aimed at nor put off`);
  return because;
}
