import { test } from 'node:test';
import { withWorld } from './environment.ts';
import { automatic, credlinkPlan } from './plans.ts';
import { createWorld } from './world.ts';

const plan = automatic(credlinkPlan());

test('a lock that the test server forgets does not hold up a release', { timeout: 300_000 }, async () => {
  await withWorld(createWorld({ canaryVersion: '1.1.0' }), async ({ env, start }) => {
    await env.connection.testService?.lockTimeSkipping({});
    await (await start(plan)).result();
    await env.sleep(3_600_000);
  });
});
