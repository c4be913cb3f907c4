import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assessReading } from '../../src/analysis/index.ts';
import type { Compatibility, MetricPlan, Provider } from '../../src/plan/plan.ts';
import { processorMs } from '../fixtures/processor-time.ts';
import { DOCUMENTS, pathFrom, piecesFrom, type Random, randomFrom } from '../oracles/jsonpath/cases.ts';

/** The same cases on every run; another seed finds others. */
const SEED = Number(process.env.SHIPLOCK_FUZZ_SEED ?? 20261126);
const ROUNDS = Number(process.env.SHIPLOCK_FUZZ_ROUNDS ?? 3000);

const VALUES: readonly unknown[] = [0.5, 0, -1, 3, null, '1', 'NaN', true, [], [1, null], {}, { a: [0.5] }];
const CONDITIONS = [
  null,
  'result < 1',
  'result[0] < 1',
  'default(result, 0) < 1',
  'isNil(result)',
  'result',
  'result.a',
];

describe('Whatever a provider answers', () => {
  const providers: readonly [name: string, make: (random: Random) => readonly [Provider, string]][] = [
    ['a web endpoint', (random) => fromWeb(random)],
    ['Datadog v1', (random) => [datadog('v1'), damaged(random, seriesFrom(random))]],
    ['Datadog v2', (random) => [datadog('v2'), damaged(random, columnsFrom(random))]],
    ['a job', (random) => [JOB, damaged(random, reportFrom(random))]],
  ];
  for (const [name, make] of providers) {
    it(`${name}: it is judged at once, with a reason, twice the same, and nothing passes without an answer`, () => {
      const random = randomFrom(SEED);
      const verdicts = new Set<string>();
      for (let round = 0; round < ROUNDS; round += 1) {
        const [provider, raw] = make(random);
        const metric: Pick<MetricPlan, 'provider' | 'successCondition' | 'failureCondition'> = {
          provider,
          successCondition: CONDITIONS[random(CONDITIONS.length)] ?? null,
          failureCondition: random(4) === 0 ? (CONDITIONS[random(CONDITIONS.length)] ?? null) : null,
        };
        const compatibility: Compatibility | undefined = random(4) === 0 ? 'argo' : undefined;
        const started = processorMs();
        const judged = assessReading(metric, { raw, error: null }, compatibility);
        assert.ok(processorMs() - started < 3_000, raw);
        assert.deepEqual(assessReading(metric, { raw, error: null }, compatibility), judged, raw);
        assert.notEqual(judged.because, '', raw);
        // A 2xx without a body is an answer where no condition asks for one.
        const isAccepted =
          provider.kind === 'web' && raw === '' && !metric.successCondition && !metric.failureCondition;
        if (judged.verdict === 'pass' && !compatibility && !isAccepted)
          assert.ok(!/^(null|\[\])?$/.test(judged.value), raw);
        verdicts.add(judged.verdict);
      }
      assert.ok(
        ['pass', 'fail', 'error'].every((verdict) => verdicts.has(verdict)),
        [...verdicts].join(),
      );
    });
  }
});

const JOB: Provider = { kind: 'job', command: ['true'], environment: {}, attempts: 1, timeoutMs: 1 };

function fromWeb(random: Random): readonly [Provider, string] {
  const document = random(2) === 0 ? DOCUMENTS[random(DOCUMENTS.length)] : VALUES[random(VALUES.length)];
  const jsonPath = random(3) === 0 ? '{$}' : random(4) === 0 ? piecesFrom(random) : pathFrom(random, document);
  const web = { kind: 'web', url: 'http://x', method: 'GET', headers: [], jsonPath, timeoutMs: 1 } as const;
  return [web, damaged(random, document)];
}

const datadog = (apiVersion: 'v1' | 'v2'): Provider => ({
  kind: 'datadog',
  apiVersion,
  address: 'https://x',
  queries: { query: 'q' },
  aggregator: 'last',
  intervalMs: 1,
  apiKey: '',
  appKey: '',
  timeoutMs: 1,
});

const value = (random: Random): unknown => VALUES[random(random(3) === 0 ? VALUES.length : 5)];

function seriesFrom(random: Random): unknown {
  const pointlist = Array.from({ length: random(4) }, (_, at) =>
    random(9) === 0 ? value(random) : [at, value(random)],
  );
  return { status: random(9) === 0 ? 'error' : 'ok', series: random(5) === 0 ? value(random) : [{ pointlist }] };
}

function columnsFrom(random: Random): unknown {
  const rows = random(4);
  const columns = Array.from({ length: random(3) + 1 }, () => {
    const type = ['number', 'number', 'group', 'other', undefined][random(5)];
    return { type, values: Array.from({ length: rows }, () => (type === 'group' ? ['host'] : value(random))) };
  });
  return {
    data: { attributes: random(9) === 0 ? value(random) : { columns } },
    ...(random(9) === 0 && { errors: 'x' }),
  };
}

function reportFrom(random: Random): unknown {
  const end = ['exited', 'exited', 'killed', 'timedOut', 'notStarted', 'lost'][random(6)];
  const exitCode = random(5) === 0 ? value(random) : end === 'exited' ? random(3) : null;
  return { end, exitCode, because: random(9) === 0 ? value(random) : 'because', attempts: random(9) === 0 ? null : 1 };
}

/** As JSON, every so often cut or with something else in it. */
function damaged(random: Random, document: unknown): string {
  const raw = JSON.stringify(document) ?? '';
  if (random(4) !== 0) return raw;
  const at = random(raw.length + 1);
  return random(2) === 0
    ? raw.slice(0, at)
    : raw.slice(0, at) + (['null', '[', '"', '{}', '0', '\\'][random(6)] ?? '') + raw.slice(at + 1);
}
