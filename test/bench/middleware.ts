/**
 * What the canary monitoring costs a service: the same app with and without it, in alternating rounds of one run.
 *
 *   node test/bench/middleware.ts [--blocks 10] [--rounds 6] [--requests 3000] [--connections 16]
 *
 * Prints a table and, as its last line, JSON. Each app is a process of its own, since two Express apps in one process
 * slow each other's property lookups down; each block starts the processes anew, since a process keeps its luck with
 * compiler and heap. The client keeps the one that is measured saturated, so requests/s measure the server.
 * `control` is the bare app a second time: its difference from `bare` is the noise of the run.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { parseArgs } from 'node:util';
import express from 'express';
import { canaryMonitoring } from '../../src/express/index.ts';

const VARIANTS = ['bare', 'control', 'stable', 'canary'] as const;
type Variant = (typeof VARIANTS)[number];

interface Round {
  readonly requestsPerSecond: number;
  readonly cpuMicrosecondsPerRequest: number;
}

const { values } = parseArgs({
  options: {
    serve: { type: 'string' },
    blocks: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '6' },
    requests: { type: 'string', default: '3000' },
    connections: { type: 'string', default: '16' },
  },
});

if (values.serve === undefined) await compare();
else serve(values.serve as Variant);

function serve(variant: Variant): void {
  const app = express();
  if (variant === 'stable' || variant === 'canary') app.use(canaryMonitoring({ role: variant }));
  app.get('/credentials/:id', (req, res) => void res.json({ id: req.params.id, holder: 'Ada', status: 'valid' }));
  const server = app.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
  process.on('message', () => process.send?.({ cpu: process.cpuUsage() }));
  process.on('disconnect', () => process.exit());
}

async function compare(): Promise<void> {
  const blocks = Math.min(Number(values.blocks), 50);
  const rounds = Math.min(Number(values.rounds), 50);
  const requests = Math.min(Number(values.requests), 20_000);
  const measured: Record<Variant, Round[]> = { bare: [], control: [], stable: [], canary: [] };
  for (let block = 0; block < blocks; block += 1) {
    const servers = await Promise.all(turned(VARIANTS, block).map(start));
    for (const { child, port } of servers) await round(child, port, 10_000);
    for (let n = 0; n < rounds; n += 1)
      for (const { variant, child, port } of turned(servers, n))
        measured[variant].push(await round(child, port, requests));
    for (const { child } of servers) child.disconnect();
  }

  const rows = VARIANTS.map((variant) => ({
    variant,
    requestsPerSecond: Math.round(median(measured[variant].map((one) => one.requestsPerSecond))),
    requestsChangePercent: changePercent(measured, variant, 'requestsPerSecond'),
    cpuMicrosecondsPerRequest: rounded(median(measured[variant].map((one) => one.cpuMicrosecondsPerRequest))),
    cpuChangePercent: changePercent(measured, variant, 'cpuMicrosecondsPerRequest'),
  }));
  console.table(rows);
  console.log(JSON.stringify({ bench: 'middleware', blocks, rounds, requests, aimPercent: 5, rows }));
}

/** Percent by which a figure differs from the bare app's of the same round: the median over the rounds. */
function changePercent(measured: Record<Variant, Round[]>, variant: Variant, figure: keyof Round): number {
  const ratios = measured[variant].map((round, n) => round[figure] / (measured.bare[n]?.[figure] ?? Number.NaN));
  return rounded((median(ratios) - 1) * 100);
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Each round in another order, so that no variant always runs in the shadow of the same neighbour. */
function turned<T>(things: readonly T[], by: number): T[] {
  const start = by % things.length;
  const order = [...things.slice(start), ...things.slice(0, start)];
  return by % (2 * things.length) < things.length ? order : order.reverse();
}

async function start(variant: Variant) {
  // The canary's log goes to /dev/null: what is measured is making the lines, not the reader of a pipe.
  const child = fork(import.meta.filename, ['--serve', variant], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { variant, child, port };
}

async function round(server: ChildProcess, port: number, requests: number): Promise<Round> {
  const connections = Math.min(Number(values.connections), 64);
  const each = Math.ceil(requests / connections);
  const cpuBefore = await cpuMicroseconds(server);
  const begin = performance.now();
  await Promise.all(Array.from({ length: connections }, () => saturate(port, each)));
  const seconds = (performance.now() - begin) / 1000;
  const cpu = (await cpuMicroseconds(server)) - cpuBefore;
  return {
    requestsPerSecond: (each * connections) / seconds,
    cpuMicrosecondsPerRequest: cpu / (each * connections),
  };
}

async function cpuMicroseconds(server: ChildProcess): Promise<number> {
  server.send('cpu');
  const [{ cpu }] = (await once(server, 'message')) as [{ cpu: NodeJS.CpuUsage }];
  return cpu.user + cpu.system;
}

/** One connection that asks again as soon as it is answered. All answers have the same length. */
function saturate(port: number, requests: number): Promise<void> {
  const request = 'GET /credentials/7 HTTP/1.1\r\nHost: bench\r\n\r\n';
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    let length = 0;
    let received = 0;
    let answered = 0;
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      received += chunk.length;
      length ||= answerLength(chunk);
      if (received < length) return;
      received = 0;
      answered += 1;
      if (answered < requests) socket.write(request);
      else socket.end(resolve);
    });
  });
}

function answerLength(chunk: Buffer): number {
  const head = chunk.indexOf('\r\n\r\n') + 4;
  const body = Number(/content-length: (\d+)/i.exec(chunk.subarray(0, head).toString('latin1'))?.[1]);
  if (!(body > 0)) throw new Error('the first chunk of an answer has no content-length');
  return head + body;
}
