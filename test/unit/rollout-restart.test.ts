import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRestarted, nextEvictions, type RestartingPod, restartLimit } from '../../src/rollout/restart.ts';
import { random } from '../fixtures/random.ts';

/** `O` and `N` are old and new pods that are available, `o` and `n` such that are not. */
function revisionOf(
  letters: string,
  { replicas = 4, maxUnavailable = 1 as number | `${number}%`, reported = Number.POSITIVE_INFINITY } = {},
) {
  const pods = [...letters].map(
    (letter, index): RestartingPod => ({
      uid: `${index}`,
      name: `${letter}${index}`,
      old: /o/i.test(letter),
      available: /[ON]/.test(letter),
    }),
  );
  return { replicas, maxUnavailable, reported, pods };
}

const next = (...of: Parameters<typeof revisionOf>): string =>
  nextEvictions(revisionOf(...of))
    .map(({ name }) => name[0])
    .join('');

test('as many pods are evicted as may be missing, and no more until their replacements are available', () => {
  assert.equal(next('OOOO'), 'O');
  assert.equal(next('OOOO', { maxUnavailable: '50%' }), 'OO');
  assert.equal(next('OOOO', { maxUnavailable: '75%' }), 'OOO');
  assert.equal(next('OOO'), '', 'a pod that was just evicted is missing before there is another');
  assert.equal(next('OOOn'), '', 'a new one that is not available counts as missing');
  assert.equal(next('OOON'), 'O');
  assert.equal(next('OOOn', { maxUnavailable: 2 }), 'O');
  assert.equal(next('NNNN'), '');
});

test('the number of pods in percent is rounded down, and at least one', () => {
  const limit = (replicas: number, maxUnavailable: number | `${number}%`) => restartLimit({ replicas, maxUnavailable });
  assert.deepEqual([limit(4, '75%'), limit(3, '50%'), limit(2, '25%'), limit(10, 0), limit(3, 7)], [3, 1, 1, 1, 3]);
});

test('pods that are not available go first, since nobody misses them, but no more at once than may be missing', () => {
  assert.equal(next('OoOO'), 'o', 'though one is missing already');
  assert.equal(next('ooOO'), 'o');
  assert.equal(next('oooo', { maxUnavailable: 2 }), 'oo');
  assert.equal(next('oonn', { maxUnavailable: 2 }), '', 'the replacements do not come');
  assert.equal(next('OoOO', { maxUnavailable: 2 }), 'oO');
});

test('what its controller counts is believed where it is less', () => {
  assert.equal(next('OOON', { reported: 3 }), '');
  assert.equal(next('OOON', { reported: 9 }), 'O');
});

test('pods that are too many do not count, and a revision that shall have none is left to its release', () => {
  assert.equal(next('OOOOOO', { replicas: 4 }), 'O');
  assert.equal(next('OO', { replicas: 0 }), '');
});

test('it is over when no old pod is left and the new ones are available', () => {
  assert.equal(isRestarted(revisionOf('NNNN')), true);
  assert.equal(isRestarted(revisionOf('NNNn')), false);
  assert.equal(isRestarted(revisionOf('NNN')), false);
  assert.equal(isRestarted(revisionOf('NNNNO')), false);
  assert.equal(isRestarted(revisionOf('NNNN', { reported: 3 })), false);
  assert.equal(isRestarted(revisionOf('', { replicas: 0 })), true);
});

test('however pods come, go and break: never more missing than allowed because of it, none twice, and it ends', () => {
  const draw = random(41);
  const below = (limit: number) => Math.floor(draw() * limit);
  for (let run = 0; run < 300; run += 1) {
    const replicas = 1 + below(6);
    const maxUnavailable = below(2) ? below(4) : (`${below(101)}%` as const);
    const limit = restartLimit({ replicas, maxUnavailable });
    let number = replicas;
    let pods: RestartingPod[] = Array.from({ length: replicas }, (_, index) => ({
      uid: `${index}`,
      name: `${index}`,
      old: true,
      available: draw() > 0.2,
    }));
    const evicted = new Set<string>();
    let rounds = 0;
    for (;;) {
      const revision = { replicas, maxUnavailable, reported: replicas, pods };
      if (isRestarted(revision)) break;
      rounds += 1;
      assert.ok(rounds < 400, `no end: ${JSON.stringify(revision)}`);
      const before = pods.filter(({ available }) => available).length;
      const going = nextEvictions(revision);
      for (const { uid, old } of going) {
        assert.ok(old && !evicted.has(uid));
        evicted.add(uid);
      }
      pods = pods.filter((pod) => !going.includes(pod));
      const after = pods.filter(({ available }) => available).length;
      assert.ok(after >= Math.min(before, replicas - limit), `${before} → ${after} of ${replicas}, limit ${limit}`);
      const outstanding = replicas - pods.filter(({ old, available }) => old || available).length;
      assert.ok(going.length === 0 || outstanding <= limit, `${outstanding} are outstanding, limit ${limit}`);
      // Replacements come one after the other, and are available sooner or later.
      if (pods.length < replicas && draw() > 0.3) {
        pods.push({ uid: `${number}`, name: `${number}`, old: false, available: false });
        number += 1;
      }
      pods = pods.map((pod) => (pod.available || draw() < 0.5 ? pod : { ...pod, available: true }));
    }
    assert.equal(pods.length, replicas);
  }
});
