/** People steer releases from the Temporal UI: the real one, in Chromium, over the real stack. */
import assert from 'node:assert/strict';
import { after, before, suite, type TestContext, test } from 'node:test';
import type { Client } from '@temporalio/client';
import type { BrowserContext } from 'playwright-core';
import { startTraffic } from '../../infra/load/traffic.ts';
import { isFailure } from '../../src/load/report.ts';
import { until } from './stack-world.ts';
import { chromiumPath, openBrowser } from './support/browser.ts';
import { untilPage } from './support/page-query.ts';
import { asking, planOf, ramp, watched } from './support/plans.ts';
import { openRelease } from './support/release-page.ts';
import { openUiStage, type UiStage } from './support/ui-stage.ts';

const chromium = await chromiumPath();
const skip = 'missing' in chromium ? chromium.missing : false;
/** As `docs/people.md` has it. */
const WAITS_FOR_SOMEBODY =
  'ShiplockWaitingFor IN ("approval", "inconclusive", "gate", "undo") AND ExecutionStatus = "Running"';
const limit = { timeout: 300_000 };

suite('in the Temporal UI', { skip }, () => {
  let stage: UiStage;
  let context: BrowserContext;
  let ui: string;

  before(async () => {
    [stage, context] = await Promise.all([openUiStage(), openBrowser('path' in chromium ? chromium.path : '')]);
    ui = stage.stack.servers.temporal.ui;
  });
  after(async () => {
    await context?.browser()?.close();
    await stage?.close();
  });

  test('a release that waits for approval', limit, async (t) => {
    const address = await stage.serving('approved');
    const traffic = startTraffic({ address, ratePerSecond: 40, atMost: { seconds: 110, requests: 4_400 } });
    t.after(() => traffic.stop());
    // Prometheus looks for new targets every 6 s, and a rate needs two of its scrapes: on a busy machine that is long.
    const plan = planOf('approved', '1.1.0', {
      canary: { steps: ramp([10, 50], 6_000), background: watched('approved'), readyDeadlineMs: 120_000 },
      promotion: asking,
    });
    const release = await stage.start(plan);
    await stage.until(release.id, 'it waits for approval', ({ waiting }) => waiting?.kind === 'approval');
    const { client } = stage.shiplock.session;
    const page = await openRelease(context, ui, release);

    await t.test('is on the list of what waits for somebody', async () => {
      const listed = async () => (await ids(client.workflow.list({ query: WAITS_FOR_SOMEBODY }))).includes(release.id);
      await until('the list of what waits for somebody', listed);
    });

    await t.test('says on its page what changes, how it stands, what it waits for, and what to paste', async () => {
      await page.shows('approved: 1.0.0 → 1.1.0 in production');
      await page.shows('Waits for a person. 1.1.0 has 50 % of the traffic');
      await page.shows('Send all traffic to 1.1.0?');
      await page.shows(/then it goes back/);
      await page.shows('success-rate');
      const offers = await page.offers();
      const names = offers.map(({ signal }) => signal);
      assert.deepEqual(names, ['Custom', 'approve', 'reject', 'abort', 'pause'], 'the answers come first');
      const input = await page.inputFor('approve');
      assert.ok(input.length <= 60, `${input} is too long to paste`);
      assert.ok(offers[1]?.description.endsWith(input), 'the dialog says the same as the page');
    });

    await t.test('refuses whatever does not fit, and its page says why', async () => {
      assert.equal(await page.send('approve', '{"step":'), 'Input must be valid JSON', 'the UI itself keeps that back');
      await page.send('approve', '"yes"');
      await page.shows(/refused approve "yes": the input must be one JSON object/);
      await page.send('approve', '{"step":"promotion@00000000"}');
      await page.shows(/refused approve .*promotion@00000000.* is not what is asked for; send/);
    });

    await t.test('has a refusal on its page within 2 s', async (t) => {
      await measured(t, client, release.id, 'aprove', {}, 'there is no signal "aprove"');
      await measured(t, client, release.id, 'reject', { step: 7 }, 'field "step" must be a string');
      await measured(t, client, release.id, 'promote', { step: 'step-1' }, 'nothing waits for promote now');
      await page.shows(/nothing waits for promote now/);
      const { decisions } = await stage.until(
        release.id,
        'it still waits',
        ({ waiting }) => waiting?.kind === 'approval',
      );
      assert.ok(decisions.every(({ accepted }) => !accepted));
    });

    await t.test('goes on to released when it is approved there, with one paste', async () => {
      assert.equal(await page.send('approve', await page.inputFor('approve')), null);
      await page.shows('Released, and can still go back');
      await page.shows(/accepted approve .*\(anonymous\): approval 1 of 1/);
      assert.equal((await stage.weights('approved'))['1.1.0'], 100);
      await traffic.stop();
      assert.deepEqual(traffic.responses.filter(isFailure), [], 'and nobody noticed');
      await stage.shiplock.send(release.id, 'finalise');
    });
  });

  test('a person aborts in the ramp, and sees the release go back', limit, async () => {
    await stage.serving('aborted');
    const steps = [...ramp([25], 100), { kind: 'pause', durationMs: null, deadlineMs: 60_000 } as const];
    const plan = planOf('aborted', '1.1.0', { canary: { steps, background: null, readyDeadlineMs: 120_000 } });
    const release = await stage.start(plan);
    await stage.until(
      release.id,
      'it waits in the ramp',
      ({ waiting }) => waiting?.deadline !== null && waiting?.token.startsWith('step-3') === true,
    );
    assert.deepEqual(await stage.weights('aborted'), { '1.0.0': 75, '1.1.0': 25 });

    const page = await openRelease(context, ui, release);
    await page.shows('Waits for a person. 1.1.0 has 25 % of the traffic');
    await page.send('abort', '{"reason":"customers complain"}');
    await page.shows('Rolled back: customers complain');
    await page.shows('verify that everything is as before');
    assert.deepEqual(await stage.weights('aborted'), { '1.0.0': 100 });
    const { verdict } = await stage.shiplock.wait(release.id, { timeoutMs: 120_000 });
    assert.equal(verdict, 'rolledBack');
  });
});

async function ids(listed: AsyncIterable<{ readonly workflowId: string }>): Promise<string[]> {
  const found: string[] = [];
  for await (const { workflowId } of listed) found.push(workflowId);
  return found;
}

/** From the server's own time of the signal to the page that holds the reason. */
async function measured(t: TestContext, client: Client, id: string, signal: string, payload: unknown, because: string) {
  const { shownAfterMs } = await untilPage(client, id, { signal, payload, because });
  t.diagnostic(`refused ${signal}: on the page after ${shownAfterMs} ms`);
  assert.ok(shownAfterMs <= 2_000, `the refusal of ${signal} took ${shownAfterMs} ms to appear`);
}
