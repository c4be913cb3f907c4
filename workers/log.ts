import type { LogEntry } from '@temporalio/worker';

/** One JSON object a line: time, level, message, and what belongs to it. */
export function jsonLine(stream: NodeJS.WritableStream): (entry: LogEntry) => void {
  return ({ level, message, timestampNanos, meta }) => {
    const at = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
    stream.write(`${JSON.stringify({ at, level, message, ...meta }, readable)}\n`);
  };
}

function readable(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Error ? { name: value.name, message: value.message, stack: value.stack } : value;
}
