/**
 * `npm run record:histories [-- NAME]`: plays every scenario with the code as it is and keeps the histories. They are recorded
 * when a part of the project ends and never again: later code must replay what earlier code made.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { play, SCENARIOS } from './scenarios.ts';

const folder = join(import.meta.dirname, 'histories');
/** Stack traces say where the checkout lay; nothing that is replayed depends on them. */
const checkout = join(import.meta.dirname, '../../');
/** Names the code that made a history: `released.0.1.0`; a part that leaves the version as it is names itself. */
const { version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));
const suffix: string = process.argv[2] ?? version;
const existing = SCENARIOS.map((scenario) => join(folder, `${scenario}.${suffix}`)).filter((path) => existsSync(path));
if (existing.length > 0) {
  console.error(`histories are never recorded again; these exist:\n${existing.join('\n')}`);
  process.exit(1);
}

const recorded = new Map<string, Awaited<ReturnType<typeof play>>>();
for (const scenario of SCENARIOS) recorded.set(scenario, await play(scenario));
for (const [scenario, { runs }] of recorded) {
  const target = join(folder, `${scenario}.${suffix}`);
  mkdirSync(target, { recursive: true });
  for (const [index, { history }] of runs.entries()) {
    const json = historyToJSON(history).replaceAll(checkout, '');
    writeFileSync(join(target, `run-${index + 1}.json`), `${json}\n`, { flag: 'wx' });
  }
  console.log(`${scenario}.${suffix}: ${runs.map(({ history }) => `${history.events?.length} events`).join(', ')}`);
}
process.exit(0);
