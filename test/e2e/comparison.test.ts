/** The questions of comparisons, as release files are compiled to them, answered by a real Prometheus about itself. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createMetricsActivities } from '../../activities/metrics/index.ts';
import type { Reading } from '../../activities/metrics/port.ts';
import { compareLook } from '../../src/analysis/comparison/compare.ts';
import { type ComparisonProgress, NOT_COMPARED } from '../../src/analysis/comparison/evidence.ts';
import type { PrometheusQuery } from '../../src/plan/plan.ts';
import { activityEnvironment } from '../fixtures/activity-environment.ts';
import { edited, GOOD } from '../unit/plan-fixture.ts';
import { compileFiles } from '../unit/plan-refusals.ts';
import { startPrometheus } from './support/prometheus.ts';

// It is no canary, and so both sides are the whole: the label has to be named, and fits.
const SIDE = '{handler="/metrics",job!="shop-canary"}';
const COMPARISON = `canary:
  comparison:
    prometheus: http://prometheus:9090
    minimumRequests: 1
    metrics:
      - name: counts
        counts:
          events: prometheus_http_requests_total{code="500",job!="shop-canary"} or vector(0)
          total: prometheus_http_requests_total${SIDE}
      - name: histogram
        histogram: prometheus_http_request_duration_seconds_bucket${SIDE}
      - name: mean
        mean:
          sum: prometheus_http_request_duration_seconds_sum${SIDE}
          histogram: prometheus_http_request_duration_seconds_bucket${SIDE}
`;

describe('a comparison that asks a real Prometheus', () => {
  const { measure } = createMetricsActivities({
    locate: (provider) => provider,
    secretOf: () => ({ because: 'there are none' }),
  });
  const { plan } = compileFiles(edited('release.yaml', 'canary:\n', COMPARISON, GOOD));
  const compared = (plan?.canary.comparison?.metrics ?? []).flatMap(({ name, provider, comparison }) =>
    comparison && comparison.judge !== 'kayenta' && provider.kind === 'prometheus'
      ? [{ name, provider, comparison }]
      : [],
  );
  let address: string;
  let stop: () => Promise<void>;

  before(async () => {
    ({ address, stop } = await startPrometheus());
    const [metric = assert.fail()] = compared;
    for (let look = 0; look < 1_200; look += 1) {
      if (/"total"/.test((await ask(metric)).raw)) return;
      await delay(100);
    }
    throw new Error('Prometheus has not scraped itself within 120 s');
  });
  after(() => stop?.());

  const ask = ({ provider }: { provider: PrometheusQuery }): Promise<Reading> =>
    activityEnvironment().run(measure, {
      provider: { ...provider, address },
      beside: provider.query,
    }) as Promise<Reading>;

  it('asks three kinds of question', () => {
    assert.deepEqual(
      compared.map(({ comparison }) => comparison.of),
      ['counts', 'histogram', 'mean'],
    );
  });

  for (const metric of compared) {
    it(`reads ${metric.name} of both sides, and finds equal ones equal`, async () => {
      let progress: ComparisonProgress = NOT_COMPARED;
      let last = '';
      for (let look = 0; look < 300 && progress.looks < 3; look += 1) {
        const answer = compareLook(metric.comparison, progress, await ask(metric), 10);
        assert.notEqual(answer.verdict, 'error', answer.because);
        assert.notEqual(answer.verdict, 'fail', answer.because);
        [progress, last] = [answer.progress, answer.because];
        await delay(300);
      }
      assert.equal(progress.looks, 3, last);
      const [{ whole } = { whole: progress.means?.whole }] = Object.values(progress.events);
      assert.deepEqual(whole?.canary, whole?.stable);
    });
  }
});
