/** One answered canary request. Holds the route's pattern, never its raw path: paths carry personal data. */
export interface CanaryLogEntry {
  /** RFC 3339, when the response ended. */
  readonly time: string;
  readonly level: 'info' | 'error';
  readonly message: 'canary request';
  readonly role: string;
  /** `SERVICE_VERSION`, where the platform sets it. */
  readonly version: string | null;
  readonly method: string;
  readonly route: string;
  /** HTTP status; 499 where the client left before the answer was complete. */
  readonly code: number;
  readonly durationMs: number;
  /** The request's `x-request-id`, as Envoy and Istio set it. */
  readonly requestId: string | null;
}

export type CanaryLogger = (entry: CanaryLogEntry) => void;

let lines = '';

/** One JSON line on standard output for each entry; the lines of one turn of the event loop are written together. */
export function logToStdout(entry: CanaryLogEntry): void {
  if (lines === '') setImmediate(flush);
  lines += `${JSON.stringify(entry)}\n`;
}

function flush(): void {
  const written = lines;
  lines = '';
  process.stdout.write(written);
}
