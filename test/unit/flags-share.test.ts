import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { percentOf, rounded, whyNoRamp, withPercent, withTargeting } from '../../activities/flags/share.ts';
import { fileOf, revisionOf } from '../../infra/local/flags/definitions.ts';
import { openEvaluator } from '../../infra/local/flags/evaluate.ts';
import type { FlagDefinition } from '../../infra/local/protocol.ts';

const KEY = 'new-checkout';
const plain: FlagDefinition = { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'off' };

/** Who gets the variant, of as many users. */
function whoGets(definition: FlagDefinition, variant: string, count: number): Set<string> {
  const evaluator = openEvaluator();
  evaluator.load(fileOf({ flags: { [KEY]: definition } }));
  const users = Array.from({ length: count }, (_, n) => `user-${n}@example.com`);
  return new Set(users.filter((targetingKey) => variantOf(evaluator.evaluate(KEY, { targetingKey })) === variant));
}

function variantOf(evaluation: ReturnType<ReturnType<typeof openEvaluator>['evaluate']>): string {
  return 'variant' in evaluation ? evaluation.variant : evaluation.errorCode;
}

describe('the share of a flag', () => {
  it('is what flagd evaluates, and nobody who is in is ever out again on the way up', () => {
    let before = new Set<string>();
    for (const percent of [0, 0.5, 1, 5, 10, 25, 33.333, 50, 75, 99, 100]) {
      const now = whoGets(withPercent(plain, 'on', percent), 'on', 10_000);
      // 10,000 users of a fair share: four standard deviations.
      const tolerance = 4 * Math.sqrt(10_000 * (percent / 100) * (1 - percent / 100));
      assert.ok(Math.abs(now.size - percent * 100) <= tolerance, `${now.size} of 10000 at ${percent} %`);
      const lost = [...before].filter((user) => !now.has(user));
      assert.deepEqual(lost, [], `lost at ${percent} %`);
      before = now;
    }
    assert.equal(before.size, 10_000);
  });

  it('is the same for the same user on the way down, and after a ramp that began elsewhere', () => {
    const up = whoGets(withPercent(withPercent(plain, 'on', 10), 'on', 40), 'on', 2_000);
    const down = whoGets(withPercent(withPercent(plain, 'on', 100), 'on', 40), 'on', 2_000);
    assert.deepEqual(up, down);
  });

  it('is turned off by taking the targeting away, so that a caller whose code says "on" is off, too', () => {
    const killed = withPercent(withPercent(plain, 'on', 50), 'on', 0);
    assert.deepEqual(killed, plain);
    assert.equal(whoGets(killed, 'off', 500).size, 500);
    const disabled: FlagDefinition = { ...plain, state: 'DISABLED' };
    assert.equal(whoGets(disabled, 'off', 10).size, 0, 'a disabled flag leaves it to each caller’s code');
  });

  it('is for everybody at 100 %, also for a request that names no user, and only then for that one', () => {
    const evaluator = openEvaluator();
    for (const [percent, variant] of [
      [0, 'off'],
      [99.999, 'off'],
      [100, 'on'],
    ] as const) {
      evaluator.load(fileOf({ flags: { [KEY]: withPercent(plain, 'on', percent) } }));
      assert.equal(variantOf(evaluator.evaluate(KEY, {})), variant, `${percent} %`);
    }
  });

  it('goes to one of several variants, and the rest to the default', () => {
    const colours: FlagDefinition = {
      state: 'ENABLED',
      variants: { red: '#f00', green: '#0f0', blue: '#00f' },
      defaultVariant: 'green',
    };
    const half = withPercent(colours, 'blue', 50);
    const blue = whoGets(half, 'blue', 1_000).size;
    assert.equal(blue + whoGets(half, 'green', 1_000).size, 1_000);
    assert.ok(blue > 400 && blue < 600, `${blue}`);
  });

  it('is read back as it was written', () => {
    for (const percent of [0, 0.001, 0.5, 1, 12.345, 33.333, 50, 99.999, 100]) {
      assert.equal(percentOf(withPercent(plain, 'on', percent), 'on'), percent);
    }
  });

  it('is kept to a thousandth of a percent, and known again', () => {
    assert.equal(percentOf(withPercent(plain, 'on', 100 / 3), 'on'), rounded(100 / 3));
    assert.equal(rounded(0.0004), 0);
  });

  it('leaves everything but the targeting as it was', () => {
    const described = { ...plain, metadata: { owner: 'team-a' } };
    const { targeting, ...rest } = withPercent(described, 'on', 20);
    assert.ok(targeting);
    assert.deepEqual(rest, described);
    assert.deepEqual(withTargeting(withPercent(described, 'on', 20), undefined), described);
  });

  const foreign: readonly [string, Partial<FlagDefinition>][] = [
    ['a rule of a person', { targeting: { if: [{ '==': [{ var: 'plan' }, 'beta'] }, 'on', 'off'] } }],
    [
      'another total',
      {
        targeting: {
          fractional: [
            ['on', 10],
            ['off', 90],
          ],
        },
      },
    ],
    [
      'another order',
      {
        targeting: {
          fractional: [
            ['off', 90_000],
            ['on', 10_000],
          ],
        },
      },
    ],
    ['another key', { targeting: { fractional: [{ var: 'email' }, ['on', 10_000], ['off', 90_000]] } }],
    [
      'a third variant',
      {
        targeting: {
          fractional: [
            ['on', 10_000],
            ['off', 80_000],
            ['x', 10_000],
          ],
        },
      },
    ],
    [
      'a rule beside it',
      {
        targeting: {
          fractional: [
            ['on', 10_000],
            ['off', 90_000],
          ],
          or: [],
        },
      },
    ],
    ['no list', { targeting: { fractional: 'on' } }],
    ['a default that was turned round', { ...withPercent(plain, 'on', 10), defaultVariant: 'on' }],
    ['a flag that was disabled', { ...withPercent(plain, 'on', 10), state: 'DISABLED' }],
    ['no default', { defaultVariant: null }],
  ];
  for (const [what, change] of foreign) {
    it(`is unknown where no ramp could have written it: ${what}`, () => {
      assert.equal(percentOf({ ...plain, ...change }, 'on'), null);
    });
  }

  it('is all of it where the variant is the default already', () => {
    assert.equal(percentOf({ ...plain, defaultVariant: 'on' }, 'on'), 100);
    assert.equal(percentOf({ ...plain, targeting: {} }, 'on'), 0);
  });

  it('is refused, with the reason, where turning it off would not turn it off', () => {
    assert.equal(whyNoRamp(plain, 'on'), '');
    assert.match(whyNoRamp({ ...plain, state: 'DISABLED' }, 'on'), /disabled/);
    assert.match(whyNoRamp({ ...plain, defaultVariant: 'on' }, 'on'), /its default variant/);
    assert.match(whyNoRamp({ ...plain, defaultVariant: null }, 'on'), /no default variant/);
  });
});

describe('the revision of a flag', () => {
  it('is the same for the same definition, whatever the order of its keys', () => {
    const { state, variants, defaultVariant } = plain;
    assert.equal(revisionOf({ defaultVariant, variants: { off: false, on: true }, state }), revisionOf(plain));
    assert.equal(revisionOf({ state, variants }) === revisionOf(plain), false);
    assert.notEqual(revisionOf(withPercent(plain, 'on', 10)), revisionOf(withPercent(plain, 'on', 11)));
  });
});
