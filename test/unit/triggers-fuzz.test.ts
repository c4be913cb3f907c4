import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { githubReceiver, type Wanted } from '../../src/triggers/index.ts';
import { releasePublished, runCompleted, SECRET, signed, someTrigger } from '../fixtures/github-deliveries.ts';
import { randomBelow } from '../fixtures/random.ts';

const ROUNDS = 2_000;
const SEED = 20_261_123;
const VERSION = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const ODD: unknown[] = [
  null,
  true,
  -1,
  1e308,
  '',
  'v',
  '../../x',
  '\u0000',
  '🚢'.repeat(300),
  [],
  {},
  { full_name: 'credlink/api' },
  '__proto__',
];

test(`${ROUNDS} deliveries with anything in any field are answered, and start versions only`, async () => {
  const random = randomBelow(SEED);
  const started: Wanted[] = [];
  const receive = githubReceiver([someTrigger()], async (wanted) => {
    started.push(wanted);
    return { release: 'r', version: wanted.version, run: null, state: 'waiting', again: false };
  });
  const tally = new Map<number, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const event = ['release', 'workflow_run', 'ping', 'push'][random(4)] ?? 'ping';
    const payload: unknown = event === 'workflow_run' ? runCompleted() : releasePublished('v1.2.0');
    for (let change = random(3); change > 0; change -= 1) spoil(payload, random);
    let body: Buffer = Buffer.from(JSON.stringify(payload));
    if (random(4) === 0) body = mangled(body, random);
    const { headers } = signed(event, '');
    const signature = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
    const genuine = random(5) > 0;
    const { answer } = await receive({
      headers: { ...headers, 'x-hub-signature-256': genuine ? signature : signature.replace(/.$/, 'g') },
      body,
      // Some time passes, so that the rate is not all that is tested.
      now: Date.now() + (round % 600) * 6_000,
    });
    tally.set(answer.status, (tally.get(answer.status) ?? 0) + 1);
    assert.ok([200, 202, 400, 401, 422, 429].includes(answer.status), `round ${round}: ${JSON.stringify(answer)}`);
    if (!genuine) assert.equal(answer.status, 401, `round ${round}`);
  }
  for (const { version, trigger } of started) {
    assert.match(version, VERSION);
    assert.equal(trigger.release, '/srv/credlink/release.yaml');
  }
  for (const status of [200, 202, 400, 401]) assert.ok(tally.get(status), `${status} in ${[...tally]}`);
});

/** Puts something odd somewhere. */
function spoil(value: unknown, random: (below: number) => number): void {
  let at = value as Record<string, unknown>;
  for (;;) {
    const keys = Object.keys(at);
    const key = keys[random(keys.length)];
    if (key === undefined) return;
    const inner = at[key];
    if (typeof inner === 'object' && inner !== null && random(4) > 0) {
      at = inner as Record<string, unknown>;
      continue;
    }
    if (random(5) === 0) delete at[key];
    else at[key] = structuredClone(ODD[random(ODD.length)]);
    return;
  }
}

function mangled(body: Buffer, random: (below: number) => number): Buffer {
  const copy = Buffer.from(body);
  for (let n = 1 + random(4); n > 0; n -= 1) copy[random(copy.length)] = random(256);
  return random(2) === 0 ? copy : copy.subarray(0, random(copy.length));
}
