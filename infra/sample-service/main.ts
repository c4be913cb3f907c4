/**
 * Runs the sample service: `node main.ts`.
 *
 * | variable | meaning | default |
 * |---|---|---|
 * | `PORT` | 0: a free one; it is printed | 3000 |
 * | `HOST` | address to listen on | 127.0.0.1 |
 * | `SERVICE_VERSION` | in `x-service-version` | 0.0.0 |
 * | `SAMPLE_FAULTS_DIR` | `<version>.json` in it says what is wrong with that build | none |
 * | `SAMPLE_FAULTS_ADMIN` | 1: `GET` and `PUT /faults` | off |
 * | `FLAGS_URL` | where flags are asked for (OFREP) | none: the code's defaults |
 * | `SAMPLE_FLAGS_PATIENCE_MS` | how long a flag may hold a request up | 100 |
 * | `DEPLOYMENT_TYPE`, `SHIPLOCK_POD_LABELS` | role, see `shiplock/express` | stable |
 */
import { createApp } from './app.ts';
import { faultsOfBuild } from './faults.ts';
import { openFlags } from './flags.ts';
import { serve } from './serve.ts';

const version = process.env.SERVICE_VERSION ?? '0.0.0';
const faults = await faultsOfBuild(process.env.SAMPLE_FAULTS_DIR, version);
const flags = await openFlags(process.env.FLAGS_URL, Number(process.env.SAMPLE_FLAGS_PATIENCE_MS) || undefined);
if (faults.crash === 'atStart') crash('at its start');

const service = await serve({
  host: process.env.HOST ?? '127.0.0.1',
  port: Number(process.env.PORT ?? 3000),
  app: (accepting) =>
    createApp({ version, faults, flags, faultsAdmin: process.env.SAMPLE_FAULTS_ADMIN === '1', accepting, crash }),
});
console.log(JSON.stringify({ time: new Date().toISOString(), message: 'listening', version, port: service.port }));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void service.stop());

function crash(because: string): never {
  console.error(JSON.stringify({ time: new Date().toISOString(), message: 'crash', version, because }));
  process.exit(1);
}
