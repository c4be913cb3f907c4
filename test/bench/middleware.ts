/**
 * What the canary monitoring costs a service: the same app with and without it, in alternating rounds of one run.
 *
 *   node test/bench/middleware.ts [--rounds 100] [--requests 2000] [--connections 16]
 *
 * Prints a table and, as its last line, JSON. All apps share one process, each on its own port, so that they share
 * its luck with compiler and heap; the client keeps the one that is measured saturated, so requests/s measure the
 * server. `control` is the bare app a second time: its difference from `bare` is the noise of the run.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { parseArgs } from 'node:util';
import express from 'express';
import { Registry } from 'prom-client';
import { canaryMonitoring } from '../../src/express/index.ts';

const VARIANTS = ['bare', 'control', 'stable', 'canary'] as const;
type Variant = (typeof VARIANTS)[number];

interface Round {
  readonly requestsPerSecond: number;
  readonly cpuMicrosecondsPerRequest: number;
}

const { values } = parseArgs({
  options: {
    serve: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '100' },
    requests: { type: 'string', default: '2000' },
    connections: { type: 'string', default: '16' },
  },
});

if (values.serve) await serve();
else await compare();

async function serve(): Promise<void> {
  const ports = await Promise.all(
    VARIANTS.map(async (variant) => {
      const app = express();
      if (variant === 'stable' || variant === 'canary')
        app.use(canaryMonitoring({ role: variant, register: new Registry() }));
      app.get('/credentials/:id', (req, res) => void res.json({ id: req.params.id, holder: 'Ada', status: 'valid' }));
      const server = app.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    }),
  );
  process.on('message', () => process.send?.({ cpu: process.cpuUsage() }));
  process.on('disconnect', () => process.exit());
  process.send?.({ ports });
}

async function compare(): Promise<void> {
  const rounds = Math.min(Number(values.rounds), 500);
  const requests = Math.min(Number(values.requests), 20_000);
  // The canary's log goes to /dev/null: what is measured is making the lines, not the reader of a pipe.
  const child = fork(import.meta.filename, ['--serve'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [{ ports }] = (await once(child, 'message')) as [{ ports: number[] }];
  const measured: Record<Variant, Round[]> = { bare: [], control: [], stable: [], canary: [] };
  for (const port of ports) await round(child, port, 10_000);
  for (let n = 0; n < rounds; n += 1) {
    // Turned by one each round, so that no variant always runs in the shadow of the same neighbour.
    for (let k = 0; k < VARIANTS.length; k += 1) {
      const which = (n + k) % VARIANTS.length;
      measured[VARIANTS[which] ?? 'bare'].push(await round(child, ports[which] ?? 0, requests));
    }
  }
  child.disconnect();

  const rows = VARIANTS.map((variant) => ({
    variant,
    requestsPerSecond: Math.round(median(measured[variant].map((one) => one.requestsPerSecond))),
    requestsChangePercent: changePercent(measured, variant, 'requestsPerSecond'),
    cpuMicrosecondsPerRequest: rounded(median(measured[variant].map((one) => one.cpuMicrosecondsPerRequest))),
    cpuChangePercent: changePercent(measured, variant, 'cpuMicrosecondsPerRequest'),
  }));
  console.table(rows);
  console.log(JSON.stringify({ bench: 'middleware', rounds, requests, aimPercent: 5, rows }));
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
