/**
 * Writes questions for the oracle, JSON lines: first the hand-picked ones of `known.jsonl`, then conditions made from a
 * grammar (`grammar.ts`), the same ones for the same seed, each with one of many results.
 *
 * node test/oracles/expr/questions.ts [count] [seed]
 */
import { readFileSync } from 'node:fs';
import { broken, condition, type Random } from './grammar.ts';
import { RESULTS } from './results.ts';

const [count = 4500, seed = 20261123] = process.argv.slice(2).map(Number);

/** Mulberry32 (Tommy Ettinger, 2017). */
function randomFrom(start: number): Random {
  let state = start >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const MOST_CHARACTERS = 120;
const random = randomFrom(seed);
const seen = new Set<string>();
process.stdout.write(readFileSync(new URL('./known.jsonl', import.meta.url), 'utf8'));
while (seen.size < count) {
  const { shape, given } = RESULTS[random(RESULTS.length)] as (typeof RESULTS)[number];
  const whole = condition(random, shape);
  const text = random(12) === 0 ? broken(whole, random) : whole;
  const line = JSON.stringify({ condition: text, ...given });
  if (text.length > MOST_CHARACTERS || seen.has(line)) continue;
  seen.add(line);
  process.stdout.write(`${line}\n`);
}
