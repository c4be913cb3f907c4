/** What `npm run bench:cluster` runs where the cluster is. */
import { readFileSync, writeFileSync } from 'node:fs';
import { openEngine } from '../../cluster/support/engine.ts';
import { openCluster } from '../../cluster/support/index.ts';
import { aligned, withTables } from '../tables.ts';
import { openCountingProxy } from './counting-proxy.ts';
import { countArgo, countShiplock } from './counts.ts';
import { measureLatencies } from './latencies.ts';
import { measureMemory } from './memory.ts';
import { optionsOf } from './options.ts';
import { openScope } from './scope.ts';
import { type Measured, tablesOf } from './tables.ts';

/** The cluster's name in the worker's policy, as it is reached through the proxy. */
const COUNTED = 'counted';

const options = optionsOf(process.argv.slice(2));
const began = Date.now();
const told = (done: string): void => console.error(`${Math.round((Date.now() - began) / 1_000)} s: ${done}`);
const measured = await measure();
const tables = tablesOf(measured);
for (const [name, table] of Object.entries(tables)) console.log(`\n${name}\n${aligned(table)}`);
if (options.docs) {
  const file = `${import.meta.dirname}/../../../docs/kubernetes.md`;
  writeFileSync(file, withTables(readFileSync(file, 'utf8'), 'bench:cluster', tables));
}
console.log(JSON.stringify(measured));
process.exit(0);

async function measure(): Promise<Measured> {
  const scope = openScope();
  try {
    const proxy = await openCountingProxy(scope, await openCluster(scope));
    const engine = await openEngine({ clusters: { [COUNTED]: proxy.kubeconfig } });
    scope.after(() => engine.close());
    const latencies = await measureLatencies(scope, engine, options.rounds, told);
    const counts = {
      shiplock: await countShiplock(scope, engine, { cluster: COUNTED, proxy }),
      argo: await countArgo(scope),
    };
    told('requests are counted');
    const memory = await measureMemory(scope, engine, options.open, told);
    return { latencies, counts, memory };
  } finally {
    await scope.close();
  }
}
