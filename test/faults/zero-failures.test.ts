/** No request fails because of a release: 200 requests/s, counted by the load generator from the version header. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { failuresOf, splitIn } from '../../infra/load/observe.ts';
import type { FaultsInput } from '../../infra/sample-service/faults.ts';
import { type Response, runLoad } from '../../src/load/load.ts';
import type { AnalysisPlan, Plan } from '../../src/plan/plan.ts';
import { analysisOf, CANARY, pause, SAMPLE_SERVICE, STABLE, shortPlan, weight } from './plan.ts';
import { release } from './scene.ts';
import { serveStable } from './service.ts';
import { type Lane, openStage, type Stage } from './stage.ts';

const RATE = 200;
/** Half of all answers take this long, so that at any moment some are under way. */
const LATENCY = { milliseconds: 300, share: 0.5 };

describe('over a release at 200 requests/s', { timeout: 300_000 }, () => {
  let stage: Stage;
  let lane: Lane;
  before(async () => {
    stage = await openStage();
    lane = await stage.openLane('load');
    await lane.startWorker();
  });
  after(() => stage?.close());

  it('a good version costs no request', async (t) => {
    const plan = planOf('good', { [STABLE]: { latency: LATENCY }, [CANARY]: { latency: LATENCY } });
    const { verdict, responses } = await releasedUnderLoad(plan);
    assert.equal(verdict, 'released');
    const { own, others } = failuresOf(responses, CANARY);
    t.diagnostic(`${own + others} of ${responses.length} requests failed`);
    assert.deepEqual(failed(responses), []);
    assert.ok(responses.some(({ version }) => version === STABLE));
    assert.equal(responses.at(-1)?.version, CANARY, 'it has all traffic');
  });

  it('a bad version costs only the requests that it answered itself', async (t) => {
    const plan = planOf('bad', {
      [STABLE]: { latency: LATENCY },
      [CANARY]: { latency: { ...LATENCY, share: 1 }, errorShare: 0.2 },
    });
    const { verdict, responses } = await releasedUnderLoad(plan);
    assert.equal(verdict, 'rolledBack');
    const { own, others } = failuresOf(responses, CANARY);
    t.diagnostic(`${own} answered by the bad version itself, ${others} others, of ${responses.length}`);
    const notItsOwn = failed(responses.filter(({ version }) => version !== CANARY));
    assert.deepEqual(notItsOwn, []);
    assert.ok(own > 0, 'it was really bad');
    assert.equal(responses.at(-1)?.version, STABLE, 'the old one has all traffic again');
    const { observed } = splitIn(responses, CANARY, 0, Number.POSITIVE_INFINITY);
    assert.ok(observed < 50, `${observed} % of the requests went to it`);
  });

  function planOf(service: string, builds: Readonly<Record<string, FaultsInput>>): Plan {
    const steps = [weight(25), pause(3_000), weight(50), pause(4_000)];
    const plan = shortPlan({ service, folder: stage.folder, steps });
    const faults = join(stage.folder, service, 'faults');
    mkdirSync(faults, { recursive: true });
    for (const [version, wrong] of Object.entries(builds)) {
      writeFileSync(join(faults, `${version}.json`), JSON.stringify(wrong));
    }
    return {
      ...plan,
      target: {
        ...plan.target,
        command: ['node', 'main.ts'],
        directory: SAMPLE_SERVICE,
        environment: { SAMPLE_FAULTS_DIR: faults },
        replicas: 2,
      },
      canary: { ...plan.canary, background: { startingStep: 1, analysis: successOf(service) } },
    };
  }

  async function releasedUnderLoad(plan: Plan): Promise<{ verdict: string; responses: readonly Response[] }> {
    const address = await serveStable(stage.supervisor, plan);
    const responses: Response[] = [];
    const ending = new AbortController();
    const load = runLoad({
      address,
      ratePerSecond: RATE,
      paths: ['/credentials', '/credentials/1'],
      atMost: { seconds: 90, requests: 90 * RATE },
      signal: ending.signal,
      onResponse: (response) => responses.push(response),
    });
    const { verdict } = await (await release(stage, lane, plan)).ended();
    ending.abort();
    await load;
    return { verdict, responses };
  }
});

/** The share of answers without 5xx, over the last five seconds, read each second once there is something to read. */
function successOf(service: string): AnalysisPlan {
  const rate = (codes: string) => `sum(rate(http_requests_total{service="${service}-canary"${codes}}[5s]))`;
  const analysis = analysisOf(`${rate(',code!~"5.."')} / ${rate('')}`);
  return { ...analysis, metrics: analysis.metrics.map((metric) => ({ ...metric, initialDelayMs: 3_000 })) };
}

/** What failed, in short; the first ten. */
function failed(responses: readonly Response[]): string[] {
  return responses
    .filter(({ error, status }) => error !== null || status === null || status >= 500)
    .slice(0, 10)
    .map(({ version, status, error }) => `${version ?? 'nobody'}: ${error ?? status}`);
}
