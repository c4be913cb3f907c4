/**
 * `npm run bench:judge`: false alarms, requests needed, and speed of the comparison, beside its peers. Prints tables
 * and, as its last line, JSON. `--runs N` for false alarms (default 20000), `--detections N` (default 2000). `--plots` writes the
 * plots of `docs/analysis.md`.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { renderFigures } from '../figure.ts';
import { LOOKS, measureAlarms } from './alarms.ts';
import { plotOf } from './plot.ts';
import { measureNeeded } from './requests.ts';
import { measureSpeed } from './speed.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20000' },
    detections: { type: 'string', default: '2000' },
    plots: { type: 'boolean', default: false },
  },
});
const whole = (text: string): number => Math.min(1_000_000, Math.max(1, Math.floor(Number(text)) || 1));

const speed = measureSpeed();
console.log(renderFigures(speed));

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const alarms = measureAlarms(whole(values.runs));
console.log('\nfalse alarms at alpha 5 %, of identical versions, by looks (upper 99 % bound at the last)');
for (const { judge, traffic, runs, byLooks } of alarms) {
  const cells = byLooks.map(({ share }) => percent(share).padStart(7)).join('');
  const upper = percent(byLooks.at(-1)?.upper ?? Number.NaN);
  console.log(`${judge.padEnd(22)} ${traffic.padEnd(18)}${cells}  (≤ ${upper}; ${runs} runs)`);
}
console.log(`${' '.repeat(41)}${LOOKS.map((looks) => String(looks).padStart(7)).join('')}  looks`);

const needed = measureNeeded(whole(values.detections));
console.log(
  '\nmedian requests until the canary is called worse; the stable side fails 1 % (aim: at most twice the SPRT)',
);
for (const { failing, share, sequential, sprt, ratio, runs } of needed) {
  const cells = [sequential, sprt].map((count) => String(count ?? 'none').padStart(8)).join('');
  console.log(
    `canary ${percent(failing).padStart(7)} at ${percent(share).padStart(7)} of traffic${cells}  ${(ratio ?? Number.NaN).toFixed(2)}  (${runs} runs)`,
  );
}
if (values.plots) {
  const folder = `${import.meta.dirname}/../../../docs/figures`;
  for (const [index, traffic] of [...new Set(alarms.map((row) => row.traffic))].entries()) {
    const lines = alarms
      .filter((row) => row.traffic === traffic)
      .map(({ judge, byLooks }) => ({
        name: judge,
        points: byLooks.map(({ looks, share }) => [looks, share] as const),
      }));
    const title = `False alarms, ${traffic} of requests fail`;
    writeFileSync(`${folder}/false-alarms-${index + 1}.svg`, plotOf({ title, x: 'looks', lines, limit: 0.05 }));
  }
}
console.log(JSON.stringify({ speed, alarms, needed }));
