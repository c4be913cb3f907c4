/**
 * Below the 90 s after which an API server closes a connection that is not used (k8s.io/apiserver,
 * `pkg/server/secure_serving.go`, `IdleTimeout`): an abort after a longer pause would begin with a TLS handshake for each of
 * its reads.
 */
export const TOUCH_MS = 45_000;
/** As many requests as the way back sends at once. */
export const TOUCHED = 8;
/** Nobody uses a cluster for ever. */
const KEPT_FOR_MS = 60 * 60_000;

/**
 * Touches connections every so often for an hour after they were used last; holds no process up.
 *
 * @returns what is called at each use
 */
export function keepWarm(touch: () => Promise<void>, touchMs: number): () => void {
  let usedAt = 0;
  let timer: NodeJS.Timeout | null = null;
  const look = (): void => {
    if (performance.now() - usedAt < KEPT_FOR_MS) return void touch();
    if (timer) clearInterval(timer);
    timer = null;
  };
  return () => {
    usedAt = performance.now();
    timer ??= setInterval(look, touchMs).unref();
  };
}
