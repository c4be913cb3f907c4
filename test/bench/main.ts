/**
 * `npm run bench`: the figures of a release engine, measured on this machine. Prints a table and, as its last line,
 * JSON. `--rounds N` for aborts and starts (default 15), `--only releases,worker,memory,history`.
 */
import { parseArgs } from 'node:util';
import { openStage } from '../../infra/demo/stage.ts';
import { type Figure, renderFigures } from './figure.ts';
import { measureReleases } from './releases.ts';
import { measureMemory, measureWorkerStart } from './worker.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' }, only: { type: 'string' } } });
const rounds = Math.min(Number(values.rounds), 100);
const wanted = values.only?.split(',') ?? ['releases', 'worker', 'memory', 'history'];
const figures: Figure[] = [];

if (wanted.some((part) => part !== 'history')) {
  const stage = await openStage();
  try {
    if (wanted.includes('releases')) figures.push(...(await measureReleases(stage, rounds)));
    await stage.endWorker();
    if (wanted.includes('worker')) figures.push(await measureWorkerStart(stage, Math.min(rounds, 7)));
    if (wanted.includes('memory'))
      figures.push(...(await measureMemory(stage, await openPlan(stage.releaseFile), [1, 200])));
  } finally {
    await stage.close();
  }
}
if (wanted.includes('history')) {
  const { measureHistory } = await import('./history.ts');
  figures.push(...(await measureHistory()));
}
console.log(renderFigures(figures));
console.log(JSON.stringify({ figures }));
process.exit(0);

/** A release that stays open: its first gate cannot be shown, and it waits for a person. */
async function openPlan(file: string) {
  const { compileRelease } = await import('../../src/plan/index.ts');
  const compiled = await compileRelease({ file, version: '1.0.0', environment: 'demo' });
  if (!compiled.ok) throw new Error('the demo plan does not compile');
  const [gate] = compiled.plan.gates.filter(({ kind }) => kind === 'audit');
  if (gate?.kind !== 'audit') throw new Error('the demo plan has no audit gate');
  return { ...compiled.plan, gates: [{ ...gate, report: 'missing.json' }] };
}
