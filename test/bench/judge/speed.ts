/** Judgements and conditions a second, on one core. */
import { compareLook } from '../../../src/analysis/comparison/compare.ts';
import { NOT_COMPARED } from '../../../src/analysis/comparison/evidence.ts';
import { evaluateCondition } from '../../../src/analysis/index.ts';
import { judgeKayenta } from '../../../src/analysis/kayenta/index.ts';
import type { ComparisonPlan } from '../../../src/plan/plan.ts';
import { type Figure, percentile } from '../figure.ts';
import { type Random, seeded } from './chance.ts';
import { COARSE, countersOf, FINE, lognormal, observe } from './latencies.ts';
import { KAYENTA } from './peers/index.ts';

const PLAN: ComparisonPlan = { of: 'counts', alpha: 0.05, margin: 0.5, minimumRequests: 100 };
const ROUNDS = 9;
const LOOKS = 200;
/** 10,000 a second. */
const AIM_MICROS = 100;
/** Points on each side, of which Kayenta's documentation wants at least 50. */
const POINTS = 60;

export function measureSpeed(): Figure[] {
  return [
    { ...timed('a judgement of counts', judging('counts', counts())), aim: AIM_MICROS },
    { ...timed('of a histogram with 7 bounds', judging('histogram', histograms(COARSE))), aim: AIM_MICROS },
    { ...timed('of a histogram with 14 bounds', judging('histogram', histograms(FINE))), aim: AIM_MICROS },
    { ...timed('of a mean with 7 bounds', judging('mean', histograms(COARSE, 'and sum'))), aim: AIM_MICROS },
    { ...timed(`by Kayenta's judge, of ${POINTS} points a side`, kayenta()), aim: null },
    { ...timed('a condition', conditions()), aim: 10 },
  ];
}

/** `once`: does `LOOKS` things. In the time of the processor, so that other work on the machine counts little. */
function timed(name: string, once: () => void): Omit<Figure, 'aim'> {
  for (let i = 0; i < 20; i += 1) once();
  const micros = Array.from({ length: ROUNDS }, () => {
    const began = process.cpuUsage();
    for (let i = 0; i < 10; i += 1) once();
    const { user, system } = process.cpuUsage(began);
    return (user + system) / (10 * LOOKS);
  });
  const value = percentile(micros, 50);
  const perSecond = Math.round(1e6 / value).toLocaleString('en');
  return { name, value, unit: 'µs', how: `${perSecond} a second; median of ${ROUNDS} rounds of ${10 * LOOKS}` };
}

type Parts = Readonly<Record<string, number>>;
type Sides = { readonly canary: Parts; readonly stable: Parts };

/** From the raw answers to the words, as the workflow does. */
function judging(of: ComparisonPlan['of'], sides: readonly Sides[]): () => void {
  const answers = sides.map(({ canary, stable }) => ({ raw: raw(of, canary), beside: raw(of, stable), error: null }));
  return () => {
    let progress = NOT_COMPARED;
    for (const answer of answers) progress = compareLook({ ...PLAN, of }, progress, answer, 10).progress;
  };
}

function raw(of: ComparisonPlan['of'], parts: Parts): string {
  const label = of === 'counts' ? 'shiplock_part' : 'le';
  const result = Object.entries(parts).map(([name, value]) => ({
    metric: name === 'sum' ? { shiplock_part: 'sum' } : { [label]: name },
    value: [1_767_225_600, String(value)],
  }));
  return JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });
}

const counts = (): Sides[] =>
  Array.from({ length: LOOKS }, (_, i) => ({
    canary: { events: i, total: 100 * i },
    stable: { events: 9 * i, total: 900 * i },
  }));

function histograms(bounds: readonly number[], sum?: 'and sum'): Sides[] {
  const [random, law] = [seeded(20_260_105), lognormal(4_096)];
  const side = (n: number) => {
    let all: Parts = {};
    return (): Parts => {
      const observed = observe(random, law, n);
      const seen: Parts = { ...countersOf(bounds, observed), ...(sum ? { sum: observed.sum } : {}) };
      all = Object.fromEntries(Object.entries(seen).map(([name, value]) => [name, value + (all[name] ?? 0)]));
      return all;
    };
  };
  const [canary, stable] = [side(100), side(900)];
  return Array.from({ length: LOOKS }, () => ({ canary: canary(), stable: stable() }));
}

function kayenta(): () => void {
  const random: Random = seeded(20_260_106);
  const points = () => Array.from({ length: POINTS }, () => 100 + 10 * random());
  const samples = Array.from({ length: LOOKS }, () => ({ metric: { canary: points(), baseline: points() } }));
  return () => {
    for (const one of samples) judgeKayenta(KAYENTA, one);
  };
}

function conditions(): () => void {
  const result = [0.995];
  return () => {
    for (let i = 0; i < LOOKS; i += 1) evaluateCondition('len(result) > 0 && result[0] >= 0.99', result);
  };
}
