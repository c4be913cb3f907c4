/**
 * Load as a process of its own, so that what measures does not share a thread with what is measured:
 *
 *   node infra/load/main.ts --address http://127.0.0.1:8080 --rate 200 --seconds 120 --requests 24000
 *     [--path /credentials --path /credentials/1] [--in-flight 500] [--timeout-ms 10000] [--interval-ms 1000]
 *
 * JSON lines on standard output: `{"kind":"interval", …}` with the counts so far and the last two seconds of the
 * timeline, and at the end `{"kind":"final", …}`, a whole `LoadReport`. SIGTERM and SIGINT end it early, with its
 * final line; so does the end of whoever reads it.
 */
import { parseArgs } from 'node:util';
import { type LoadReport, runLoad } from '../../src/load/load.ts';

/** One line of the output. An interval's timeline has its last two seconds, its `failed` the ones since the last line. */
export type LoadLine = { readonly kind: 'interval' | 'final' } & LoadReport;

const { values } = parseArgs({
  options: {
    address: { type: 'string' },
    rate: { type: 'string' },
    seconds: { type: 'string' },
    requests: { type: 'string' },
    path: { type: 'string', multiple: true },
    'in-flight': { type: 'string' },
    'timeout-ms': { type: 'string' },
    'interval-ms': { type: 'string' },
  },
});
const { address } = values;
if (address === undefined) usage('--address is missing');
const ratePerSecond = positive('rate');
const atMost = { seconds: positive('seconds'), requests: positive('requests'), inFlight: positive('in-flight', 500) };

const ending = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ending.abort());
process.stdout.on('error', () => process.exit(1));

let snapshot: (() => LoadReport) | undefined;
let told = 0;
const intervals = setInterval(
  () => {
    if (!snapshot) return;
    const report = snapshot();
    print({ kind: 'interval', ...report, timeline: report.timeline.slice(-2), failed: report.failed.slice(told) });
    told = report.failed.length;
  },
  Math.max(100, positive('interval-ms', 1000)),
);
const report = await runLoad({
  address,
  ratePerSecond,
  atMost,
  paths: values.path,
  timeoutMs: positive('timeout-ms', 10_000),
  signal: ending.signal,
  onStart: (take) => {
    snapshot = take;
  },
});
clearInterval(intervals);
print({ kind: 'final', ...report });

function print(line: LoadLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function positive(
  name: 'rate' | 'seconds' | 'requests' | 'in-flight' | 'timeout-ms' | 'interval-ms',
  otherwise?: number,
) {
  const text = values[name];
  if (text === undefined && otherwise !== undefined) return otherwise;
  const number = Number(text);
  if (!(number > 0 && Number.isFinite(number))) usage(`--${name} must be a number above 0`);
  return number;
}

function usage(problem: string): never {
  console.error(`${problem}. Usage: main.ts --address URL --rate N --seconds N --requests N [--path PATH …]`);
  process.exit(2);
}
