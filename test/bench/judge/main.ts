/**
 * `npm run bench:judge`: false alarms, requests needed, minutes saved and speed of the comparison, beside its peers; prints
 * the tables and, as its last line, JSON. `--runs N` for false alarms (default 20000), `--detections N` for the others
 * (default 2000), `--sample` for a quick look. `--plots` writes `docs/figures`, `--docs` the tables of `docs/analysis.md`;
 * `--from FILE` takes from an earlier run's output what is the same in every run.
 * Everything but the speed is seeded: the same in every run. Ends with 1 if a judge of ours alarms more often than alpha.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { aligned, withTables } from '../tables.ts';
import { figuresOf } from './figures.ts';
import { ALPHA } from './judges.ts';
import { measureAll } from './side-by-side.ts';
import { measureSpeed } from './speed.ts';
import { tablesOf } from './tables.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    detections: { type: 'string' },
    from: { type: 'string' },
    sample: { type: 'boolean', default: false },
    plots: { type: 'boolean', default: false },
    docs: { type: 'boolean', default: false },
  },
});
const whole = (text: string | undefined, otherwise: number): number =>
  Math.min(1_000_000, Math.max(1, Math.floor(Number(text ?? otherwise)) || 1));
const runs = whole(values.runs, values.sample ? 200 : 20_000);
const detections = whole(values.detections, values.sample ? 50 : 2_000);

const began = Date.now();
const told = (done: string): void => console.error(`${Math.round((Date.now() - began) / 1_000)} s: ${done}`);

const { speed, ...measured } = values.from ? read(values.from) : await measure();
const tables = tablesOf({ ...measured, speed });
for (const [name, table] of Object.entries(tables)) console.log(`\n${name}\n${aligned(table)}`);
const docs = `${import.meta.dirname}/../../../docs`;
if (values.docs) {
  const file = `${docs}/analysis.md`;
  writeFileSync(file, withTables(readFileSync(file, 'utf8'), 'bench:judge', tables));
}
if (values.plots)
  for (const [name, svg] of Object.entries(figuresOf(measured))) writeFileSync(`${docs}/figures/${name}.svg`, svg);
// A sample's bounds are wide: they say nothing yet.
const broken = measured.alarms.filter(({ ours, upper }) => ours && upper > ALPHA && !values.sample);
for (const { judge, traffic, upper } of broken)
  console.error(`${judge}, ${traffic}: up to ${(100 * upper).toFixed(1)} % false alarms`);
process.exitCode = broken.length > 0 ? 1 : 0;
console.log(JSON.stringify({ runs, detections, speed, ...measured }));

async function measure() {
  const figures = measureSpeed();
  told('speed');
  return { speed: figures, ...(await measureAll({ runs, detections }, told)) };
}

function read(file: string): Awaited<ReturnType<typeof measure>> {
  const { alarms, slower, needed, early } = JSON.parse(readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '');
  return { speed: measureSpeed(), alarms, slower, needed, early };
}
