import { writeSync } from 'node:fs';

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

/** Lines wait this long for others, so that a busy service writes a few times a second and not for each request. */
const FLUSH_MS = 100;
/** Beyond this many characters they are written at once. */
const FLUSH_LENGTH = 64 * 1024;

let lines = '';
let timer: NodeJS.Timeout | undefined;

/** One JSON line on standard output for each entry, written in batches; what waits at the process's exit is not lost. */
export function logToStdout(entry: CanaryLogEntry): void {
  if (timer === undefined) {
    timer = setTimeout(flush, FLUSH_MS).unref();
    process.once('exit', flushNow);
  }
  lines += `${JSON.stringify(entry)}\n`;
  if (lines.length > FLUSH_LENGTH) flush();
}

function flush(): void {
  process.removeListener('exit', flushNow);
  clearTimeout(timer);
  timer = undefined;
  process.stdout.write(take());
}

/** A process that exits waits for no stream. */
function flushNow(): void {
  writeSync(process.stdout.fd, take());
}

function take(): string {
  const written = lines;
  lines = '';
  return written;
}
