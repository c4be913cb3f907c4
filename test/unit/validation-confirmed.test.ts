import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Plan } from '../../src/plan/plan.ts';
import { confirmationOf, itemsAsked } from '../../src/validation/confirmation.ts';
import { isConfirmed } from '../../src/validation/question.ts';
import { answersOf } from './validation-lacks.ts';
import { wholePlan, wholeStatus } from './validation-records.ts';

test('a move counts as confirmed by the router with and without pods that came for it', () => {
  for (const [because, expected] of [
    ['confirmed by the router', true],
    ['1.1.0: 4 of 4 replicas ready after 3.1 s; confirmed by the router', true],
    ['1.1.0: 4 of 4 replicas ready after 3.1 s; set; the router was not asked', false],
    ['set; the router was not asked', false],
    ['', false],
  ] as const)
    assert.equal(isConfirmed(because), expected, because);
});

const SHIFTS = 'traffic shifts gradually';
const SWITCHES = 'all traffic in one switch';

test('what a checklist asks of the router is known beforehand', () => {
  const { cutover, validation, ...plan } = wholePlan();
  assert.ok(cutover && validation);
  const asked = (one: Plan, stable: string | null = '1.0.0', history: readonly string[] = []) => {
    const confirmation = confirmationOf(one);
    return confirmation && itemsAsked(confirmation, { stable, history });
  };
  const without: Plan = { ...plan, canary: { ...plan.canary, steps: [] } };
  assert.deepEqual(asked({ ...plan, validation, cutover }), [SHIFTS, SWITCHES]);
  assert.deepEqual(asked({ ...plan, validation, cutover }, null), [SWITCHES]);
  assert.deepEqual(asked({ ...plan, validation }), [SHIFTS]);
  assert.deepEqual(asked({ ...plan, validation }, null), []);
  assert.deepEqual(asked({ ...without, validation, cutover }), [SWITCHES]);
  assert.equal(asked({ ...without, validation }), null);
  assert.equal(asked({ ...plan, cutover }), null);
  const knowing: Plan = { ...plan, validation, cutover, canary: { ...plan.canary, rollbackWindow: { revisions: 1 } } };
  assert.deepEqual(asked(knowing, '1.0.0', [plan.version, '1.0.0']), [SWITCHES]);
  assert.deepEqual(asked(knowing, '1.0.0', [plan.version, '0.9.0', '1.0.0']), [SHIFTS, SWITCHES]);
  assert.deepEqual(asked(knowing, '1.0.0', ['1.0.0']), [SHIFTS, SWITCHES]);
  const phase = confirmationOf({ ...plan, validation: { ...validation, onFailure: 'phase' } });
  assert.equal(phase?.onFailure, 'phase');
});

test('exactly these items are unshown where the router was not asked', () => {
  const recorded = wholeStatus();
  const because = 'set; the router was not asked';
  const progress = recorded.progress.map((line) => (isConfirmed(line.because) ? { ...line, because } : line));
  const status = { ...recorded, progress };
  const unshown = Object.entries(answersOf(wholePlan(), status)).filter(([, { verdict }]) => verdict === 'unshown');
  const confirmation = confirmationOf(wholePlan());
  assert.ok(confirmation);
  assert.deepEqual(
    unshown.map(([item]) => item),
    itemsAsked(confirmation, { stable: '1.0.0', history: [] }),
  );
});
