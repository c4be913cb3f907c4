const PREFIX = 'played.shiplock.dev';

/**
 * What a pod template says of how its pods are played; `docs/test-cluster.md` explains each. Durations are Go's:
 * `300ms`, `2s`.
 */
export const PLAYED = {
  /** How long after its start a pod becomes ready. */
  readyAfter: `${PREFIX}/ready-after`,
  /** `false`: it is not ready, as if its readiness probe failed; may be changed while the pod runs. */
  ready: `${PREFIX}/ready`,
  /** Why its container fails; one of `FAILURES`. */
  fails: `${PREFIX}/fails`,
  /** How long it is ready before each failure of a running container; without it, it never becomes ready. */
  failsAfter: `${PREFIX}/fails-after`,
  /** How often a running container fails; then it runs, and becomes ready. Without it, for ever. */
  failsTimes: `${PREFIX}/fails-times`,
  /** How long a failed container waits in CrashLoopBackOff. Default: 1s. */
  backOff: `${PREFIX}/back-off`,
  /** Which container fails. Default: the first one. */
  container: `${PREFIX}/container`,
  /** How long a Job's pod runs; `never`. Default: 0s. */
  endsAfter: `${PREFIX}/ends-after`,
  /** With which code a Job's pod ends, and a crashing container fails. Default: 0, and 1. */
  exitCode: `${PREFIX}/exit-code`,
  /** `true`: a process serves in its place, which says by `ready` how it is, and removes it; see `followPods`. */
  served: `${PREFIX}/served`,
  /** How long a deleted pod takes to go. Default: 0s. */
  terminatesAfter: `${PREFIX}/terminates-after`,
} as const;

/** Failures before a container runs: the kubelet's reasons of a waiting container. */
export const NOT_STARTED = [
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'CreateContainerConfigError',
] as const;
/** Failures of a running container; both end in CrashLoopBackOff. */
export const CRASHING = ['CrashLoopBackOff', 'OOMKilled'] as const;
