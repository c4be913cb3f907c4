/** What Kayenta's own tests expect, from `../shared/vectors/kayenta` where a checkout has them; cases of our own stand in `kayenta.test.ts`. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { classify, NETFLIX_ACA_JUDGE, type Rule } from '../../src/analysis/kayenta/classify.ts';
import { cles, meanRatio } from '../../src/analysis/kayenta/effect-size.ts';
import { verdictOf } from '../../src/analysis/kayenta/judge.ts';
import { mannWhitney, normalQuantile, standardised } from '../../src/analysis/kayenta/mann-whitney.ts';
import { sorted } from '../../src/analysis/kayenta/ranks.ts';
import { scoreOf } from '../../src/analysis/kayenta/score.ts';
import { percentile, summary } from '../../src/analysis/kayenta/statistics.ts';
import { iqrOutliers, kSigmaOutliers, removeNaN, replaceNaN } from '../../src/analysis/kayenta/transforms.ts';
import { mannWhitneyPValue } from '../bench/judge/peers/mann-whitney-u.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../../shared/vectors/kayenta');
const there = existsSync(FOLDER);
const skip = there ? false : `no ${path.relative(process.cwd(), FOLDER)} in this checkout`;

// biome-ignore lint/suspicious/noExplicitAny: files of many shapes
type Row = any;
const read = (file: string): Row => JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8'));

function near(actual: number, expected: number, tolerance: number, name: string): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${name}: ${actual}, expected ${expected} ± ${tolerance}`);
}

/** Rows per file that were held against the judge; the last test says how many there must be. */
const checked: Record<string, number> = {};
const count = (file: string): void => {
  checked[file] = (checked[file] ?? 0) + 1;
};

test('the confidence interval and the estimate are those of Kayenta and R to 1e-6, the Problem Case among them', {
  skip,
}, () => {
  for (const { name, x_experiment: x, y_control: y, confidenceLevel, expected } of read('mannwhitney.json').cases) {
    const held = (actual: number, wanted: number, tolerance: number, what: string): void => {
      near(actual, wanted, tolerance, `${name}: ${what}`);
      count('mannwhitney.json');
    };
    if (Array.isArray(expected)) {
      for (const { fn, mu, quantile, p, value, tol } of expected) {
        if (fn === 'normalInverseCdf') held(normalQuantile(p), value, tol, fn);
        else held(standardised(sorted(x), sorted(y), mu, quantile), value, tol, `${fn} ${mu}`);
      }
      continue;
    }
    const z = -normalQuantile((1 - confidenceLevel) / 2);
    const shift = mannWhitney(x, y, z);
    assert.ok(shift.kind === 'shift', name);
    held(shift.low, expected.ciLow ?? expected.ciLower, expected.tolCi ?? expected.tol, 'low');
    held(shift.high, expected.ciHigh ?? expected.ciUpper, expected.tolCi ?? expected.tol, 'high');
    held(shift.estimate, expected.estimate, expected.tolEstimate ?? expected.tol, 'estimate');
    if (expected.muMin === undefined) continue;
    const { muMin, muMax, zqLower, zqUpper, tol } = expected;
    held(z, zqLower, tol, 'z');
    held(-z, zqUpper, tol, '-z');
    held(Math.min(...x) - Math.max(...y), muMin, tol, 'muMin');
    held(Math.max(...x) - Math.min(...y), muMax, tol, 'muMax');
    for (const [end, at] of Object.entries({ muMin, muMax }))
      for (const [side, quantile] of Object.entries({ zqLower, zqUpper })) {
        const key = `wilcoxonDiff(${end},${side})`;
        held(standardised(sorted(x), sorted(y), at, quantile), expected[key], tol, key);
      }
  }
});

test('every metric is labelled as Kayenta labels it', { skip }, () => {
  for (const row of read('classifier.json').cases) {
    // Another classifier of Kayenta's, which its judge does not use.
    if (row.classifier === 'MeanInequalityClassifier') continue;
    const [allowedDecrease, allowedIncrease] = row.effectSizeThresholds_decrease_increase;
    const [criticalDecrease, criticalIncrease] = row.criticalThresholds_decrease_increase;
    const classified = classify(
      row.experiment,
      row.control,
      {
        direction: row.direction,
        nan: row.nanStrategy,
        critical: row.isCriticalMetric,
        mustHaveData: row.isDataRequired,
        effectSize: {
          measure: row.effectSizeMeasure,
          ...{ allowedDecrease, allowedIncrease, criticalDecrease, criticalIncrease },
        },
      },
      { z: -normalQuantile((1 - row.confLevel) / 2), tolerance: row.tolerance },
    );
    const { expected } = row;
    assert.equal(classified.label, expected.classification ?? expected.classification_implied, row.name);
    count('classifier.json');
    const critical = expected.critical ?? expected.critical_implied;
    if (critical !== undefined) assert.equal(classified.critical, critical, row.name);
    if (expected.deviation === 'NaN') assert.ok(Number.isNaN(meanRatio(row.experiment, row.control)), row.name);
  }
});

test('statistics and effect sizes are those of Kayenta', { skip }, () => {
  for (const { name, data, experiment, control, expected } of read('statistics.json').cases) {
    for (const { fn, p, value, tol } of expected) {
      const answers: Record<string, () => number> = {
        min: () => summary(data).min,
        max: () => summary(data).max,
        mean: () => summary(data).mean,
        std: () => summary(data).standardDeviation,
        count: () => summary(data).count,
        percentileR7: () => percentile(data, p),
        meanRatio: () => meanRatio(experiment, control),
        cles: () => cles(experiment, control),
      };
      const answer = answers[fn];
      // Of no use to the judge: Kayenta's Cohen's d.
      if (answer === undefined) assert.equal(fn, 'cohenD');
      else if (value === 'NaN') assert.ok(Number.isNaN(answer()), name);
      else near(answer(), value, Math.max(tol, 1e-12), `${name}: ${fn}`);
      if (answer !== undefined) count('statistics.json');
    }
  }
});

test('outliers are those of Kayenta', { skip }, () => {
  for (const { name, detector, param, reduceSensitivity, data, expectedOutlier } of read('detectors.json').cases) {
    const is =
      detector === 'IQRDetector' ? iqrOutliers(data, param, { reduceSensitivity }) : kSigmaOutliers(data, param);
    assert.deepEqual(is, expectedOutlier, name);
    count('detectors.json');
  }
});

test('points are left out and replaced as in Kayenta', { skip }, () => {
  for (const { fn, data: raw, value, factor, k, expected } of read('transforms.json').cases) {
    const data: number[] = raw.map(Number);
    const without = (outlier: readonly boolean[]): readonly number[] => data.filter((_, i) => !outlier[i]);
    const answers: Record<string, () => readonly number[]> = {
      removeNaNs: () => removeNaN(data),
      replaceNaNs: () => replaceNaN(data, value),
      removeOutliersIQR: () => without(iqrOutliers(data, factor, { reduceSensitivity: false })),
      removeOutliersKSigma: () => without(kSigmaOutliers(data, k)),
    };
    assert.deepEqual(answers[fn]?.(), expected, fn);
    count('transforms.json');
  }
});

test('labels become scores as in Kayenta', { skip }, () => {
  for (const { name, groupWeights, metrics, expected } of read('scorer.json').cases) {
    const score = scoreOf(
      metrics.map(({ classification: label, critical, groups }: Row) => ({ name, label, critical, groups })),
      groupWeights,
    );
    assert.equal(score.summary, expected.summaryScore, name);
    if (expected.groupScoresSorted !== undefined)
      assert.deepEqual(
        score.groups.map((group) => group.score).sort((a, b) => a - b),
        expected.groupScoresSorted,
      );
    count('scorer.json');
  }
});

test('the cases of its users are judged as Kayenta judges them, and the last score decides as there', { skip }, () => {
  const { cases, aggregate } = read('issues-and-aggregate.json');
  for (const row of cases) {
    const [allowedDecrease, allowedIncrease] = row.effectSizeThresholds_decrease_increase ?? [1, 1];
    const rule: Rule = { z: -normalQuantile((1 - row.confLevel) / 2), tolerance: row.tolerance };
    assert.deepEqual(rule, NETFLIX_ACA_JUDGE);
    const { label, grounds } = classify(row.experiment, row.control, {
      direction: 'either',
      nan: 'remove',
      critical: false,
      mustHaveData: false,
      effectSize: {
        measure: 'meanRatio',
        ...{ allowedDecrease, allowedIncrease, criticalDecrease: 1, criticalIncrease: 1 },
      },
    });
    assert.equal(label, row.expected.classification, row.ref);
    if (row.expected.estimate !== undefined) {
      assert.ok(grounds.kind === 'compared' && grounds.shift.kind === 'shift');
      near(grounds.shift.low, row.expected.ciLow, 1e-6, 'low');
      near(grounds.shift.high, row.expected.ciHigh, 1e-6, 'high');
      near(grounds.shift.estimate, row.expected.estimate, 1e-6, 'estimate');
      near(grounds.effect, row.expected.deviation, 1e-9, 'ratio');
    }
    count('issues-and-aggregate.json');
  }
  for (const [score, marginal, pass, didPass] of aggregate.rows_score_marginal_pass_didPass) {
    assert.equal(verdictOf(score, { marginal, pass }) === 'pass', didPass, `score ${score}`);
    count('issues-and-aggregate.json');
  }
});

test('U is that of Mann and Whitney, with its p-value where the approximation by a normal distribution is meant', {
  skip,
}, () => {
  const { pvalues } = read('exact-u.json');
  const series = (text: unknown): number[] => {
    if (Array.isArray(text)) return text;
    const [, less = '0', last = ''] = /^2\*i(?:-(\d+))?, i=0\.\.(\d+)/.exec(String(text)) ?? [];
    const all = Array.from({ length: Number(last) + 1 }, (_, i) => 2 * i - Number(less));
    const replaced = Number(/first (\d+) replaced by 2\*i/.exec(String(text))?.[1] ?? 0);
    return all.map((value, i) => (i < replaced ? 2 * i : value));
  };
  for (const row of pvalues) {
    const [x, y] = [series(row.x1), series(row.x2)];
    near(cles(x, y) * x.length * y.length, row.U, 1e-9, 'U');
    // The exact test is another one, which no judge here uses.
    if (x.length > 100) near(mannWhitneyPValue(x, y), row.twoSided, 1e-6, 'two-sided p');
    count('exact-u.json');
  }
});

test('no row and no file was left out', { skip }, (context) => {
  for (const [file, rows] of Object.entries(checked)) context.diagnostic(`${file}: ${rows} rows checked`);
  assert.deepEqual(checked, {
    'mannwhitney.json': 26,
    'classifier.json': 34, // and three of another classifier
    'statistics.json': 32, // and one of Cohen's d
    'detectors.json': 6,
    'transforms.json': 5,
    'scorer.json': 13,
    'issues-and-aggregate.json': 10,
    'exact-u.json': 9,
  });
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
  assert.deepEqual(files.sort(), Object.keys(checked).sort());
});
