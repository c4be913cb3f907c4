/** The decision function, against random messages in random situations. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide, type Message, needsPerson, rank, type Situation, type Verdict } from '../../workflows/decide.ts';
import { type Phase, SIGNALS, type SignalName, type Waiting } from '../../workflows/messages.ts';
import { shown } from '../../workflows/shown.ts';
import { random as randomFrom } from '../fixtures/random.ts';

const ROUNDS = 20_000;
const SEED = 20_261_123;

const PHASES: readonly Phase[] = [
  'admission',
  'gates',
  'image',
  'configuration',
  'expand',
  'canary',
  'promotion',
  'cutover',
  'flags',
  'validation',
  'window',
  'contract',
  'undoing',
  'ended',
];
const ACCEPTS: Record<Waiting['kind'], readonly SignalName[]> = {
  approval: ['approve', 'reject'],
  inconclusive: ['approve', 'reject'],
  pause: ['promote'],
  paused: ['resume'],
  gate: ['retry'],
  undo: ['retry', 'skip'],
  window: ['finalise'],
  contract: ['retry', 'skip'],
};
const TOKENS = ['promotion@1a2b3c4d', 'promotion@00000000', 'step-2@1a2b3c4d', 'ramp@1a2b3c4d', 'pause-1@1a2b3c4d', ''];
const STRANGE: readonly unknown[] = [
  undefined,
  null,
  0,
  Number.NaN,
  '',
  'yes',
  [],
  [{}],
  {},
  { step: 1 },
  { steppe: 'x' },
  JSON.parse('{"__proto__":{"step":"promotion@1a2b3c4d"}}'),
  Object.create({ step: 'promotion@1a2b3c4d' }),
  { step: null },
  { reason: 'x'.repeat(501) },
  new Uint8Array(3),
  new Date(0),
  deep(50_000),
  { step: deep(50_000) },
];

function deep(levels: number): unknown {
  let value: unknown = [];
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

function generator(seed: number) {
  const random = randomFrom(seed);
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const maybe = (share: number): boolean => random() < share;

  const situation = (): Situation => {
    const phase = one(PHASES);
    const kind = one(Object.keys(ACCEPTS) as Waiting['kind'][]);
    const waiting: Waiting = {
      kind,
      token: one(TOKENS.slice(0, 3)),
      prompt: '?',
      accepts: ACCEPTS[kind],
      deadline: null,
      consequence: '',
    };
    return {
      version: one(['1.1.0', 'latest']),
      phase,
      waiting: maybe(0.7) ? waiting : null,
      pausedAs: maybe(0.3) ? 'pause-1@1a2b3c4d' : null,
      ramp: phase === 'canary' ? 'ramp@1a2b3c4d' : null,
      failing: maybe(0.2) ? 'success-rate' : null,
    };
  };
  const payload = (): unknown => {
    if (maybe(0.2)) return one(STRANGE);
    const fields = { step: one(TOKENS), act: one(TOKENS), version: one(['1.1.0', '9']), reason: one(['why', '']) };
    return Object.fromEntries(Object.entries(fields).filter(() => maybe(0.6)));
  };
  const message = (): Message => ({
    signal: maybe(0.05) ? one(['', 'Approve', 'toString', '__proto__', 'x'.repeat(10_000)]) : one(SIGNALS),
    payload: payload(),
  });
  return { situation, message };
}

function eachRandom(check: (situation: Situation, message: Message, verdict: Verdict) => void): void {
  const { situation, message } = generator(SEED);
  for (let round = 0; round < ROUNDS; round += 1) {
    const [given, sent] = [situation(), message()];
    const verdict = decide(given, sent);
    try {
      check(given, sent, verdict);
    } catch (error) {
      const about = { round, given, signal: sent.signal.slice(0, 60), payload: shown(sent.payload), verdict };
      throw new Error(`${(error as Error).message}\n${JSON.stringify(about, null, 1)}`, { cause: error });
    }
  }
}

function field(payload: unknown, name: string): unknown {
  return typeof payload === 'object' && payload !== null && Object.hasOwn(payload, name)
    ? (payload as Record<string, unknown>)[name]
    : undefined;
}

test('every message gets an answer with a reason, whatever it is', () => {
  eachRandom((_, { signal }, verdict) => {
    assert.ok(verdict.because.length > 0);
    assert.ok(verdict.because.length < 1_200, 'a reason stays readable');
    if (!(SIGNALS as readonly string[]).includes(signal)) assert.equal(verdict.accepted, false);
  });
});

test('an abort that can be read is accepted in every phase that moves forward, in the window, and before a contract', () => {
  eachRandom(({ phase, waiting }, { signal, payload }, { accepted }) => {
    if (signal !== 'abort') return;
    const legible = decide(
      { version: '', phase: 'canary', waiting: null, pausedAs: null, ramp: null, failing: null },
      { signal, payload },
    ).accepted;
    const isOver = ['undoing', 'cleanup', 'ended'].includes(phase) || waiting?.kind === 'contract';
    assert.equal(accepted, legible && !isOver);
  });
});

test('nothing but the very token of what is waited for answers it', () => {
  eachRandom(({ waiting }, { signal, payload }, verdict) => {
    if (!['approve', 'reject', 'promote', 'retry', 'skip'].includes(signal) || !verdict.accepted) return;
    assert.ok(waiting?.accepts.includes(signal as SignalName));
    assert.equal(field(payload, signal === 'retry' || signal === 'skip' ? 'act' : 'step'), waiting?.token);
    if (verdict.effect.kind === 'answer') assert.equal(verdict.effect.token, waiting?.token);
  });
});

test('the token of what is waited for is accepted while the release is open', () => {
  const { situation } = generator(SEED + 1);
  let asked = 0;
  for (let round = 0; round < 2_000; round += 1) {
    const given = situation();
    const { waiting } = given;
    if (!waiting || given.phase === 'ended') continue;
    for (const signal of waiting.accepts) {
      if (signal === 'resume' || signal === 'finalise') continue;
      const name = signal === 'retry' || signal === 'skip' ? 'act' : 'step';
      const verdict = decide(given, { signal, payload: { [name]: waiting.token, reason: 'why' } });
      assert.equal(verdict.accepted, true, verdict.because);
      asked += 1;
    }
  }
  assert.ok(asked > 500);
});

test('the rest of a ramp is promoted only by its name, with a reason, while nothing fails', () => {
  eachRandom(({ ramp, failing, version }, { signal, payload }, { accepted }) => {
    if (signal !== 'promoteFull' || !accepted) return;
    assert.ok(ramp);
    assert.equal(failing, null);
    assert.ok(field(payload, 'reason'));
    assert.ok(field(payload, 'version') === version || field(payload, 'step') === ramp);
    for (const [name, right] of [
      ['version', version],
      ['step', ramp],
    ] as const) {
      assert.ok([undefined, right].includes(field(payload, name) as string | undefined), `${name} is another one`);
    }
  });
});

test('nothing is accepted once a release has ended', () => {
  eachRandom(({ phase }, _, { accepted }) => assert.ok(!(accepted && phase === 'ended')));
});

test('abort comes before reject, reject before pause, pause before the rest', () => {
  const sorted = [...SIGNALS].sort((a, b) => rank(a) - rank(b)).slice(0, 3);
  assert.deepEqual(sorted, ['abort', 'reject', 'pause']);
});

test('what moves a release on needs a person behind it; what stops it does not', () => {
  assert.deepEqual(SIGNALS.filter(needsPerson), ['approve', 'promote', 'promoteFull', 'resume', 'retry', 'skip']);
});
