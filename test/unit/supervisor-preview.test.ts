import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { stackPaths } from '../../infra/local/home.ts';
import { previewOf } from '../../infra/local/stack/preview.ts';
import { readState } from '../../infra/local/stack/state.ts';

const ready = (...versions: string[]) => versions.map((version) => ({ version, ready: 2, removing: false }));
const unready = (version: string) => ({ version, ready: 0, removing: false });
const leaving = (version: string) => ({ version, ready: 2, removing: true });

describe('the preview of a service', () => {
  const cases: readonly [string, ...Parameters<typeof previewOf>, string | null][] = [
    [
      'is the canary without traffic',
      { stable: 'old', canary: 'new', weights: { old: 100 } },
      ready('old', 'new'),
      'new',
    ],
    [
      'is the canary in a ramp',
      { stable: 'old', canary: 'new', weights: { old: 1, new: 99 } },
      ready('old', 'new'),
      'new',
    ],
    [
      'is the canary that is not ready: what does not answer is not hidden',
      { stable: 'old', canary: 'new', weights: { old: 100 } },
      [...ready('old'), unready('new')],
      'new',
    ],
    [
      'is the old side in the moment of the switch',
      { stable: 'old', canary: 'new', weights: { new: 100 } },
      ready('old', 'new'),
      'old',
    ],
    [
      'is the old side once roles followed',
      { stable: 'new', canary: null, weights: { new: 100 } },
      ready('old', 'new'),
      'old',
    ],
    [
      'is the new side after the way back',
      { stable: 'old', canary: null, weights: { old: 100 } },
      ready('old', 'new'),
      'new',
    ],
    [
      'is what carries the traffic where the old side is not ready',
      { stable: 'new', canary: null, weights: { new: 100 } },
      [unready('old'), ...ready('new')],
      'new',
    ],
    [
      'is not what is being removed',
      { stable: 'old', canary: 'new', weights: { old: 100 } },
      [...ready('old'), leaving('new')],
      'old',
    ],
    [
      'is the stable side before others',
      { stable: 'b', canary: null, weights: { c: 100 } },
      ready('a', 'b', 'c', 'd'),
      'b',
    ],
    [
      'is what started last among others',
      { stable: 'c', canary: null, weights: { c: 100 } },
      ready('a', 'b', 'c'),
      'b',
    ],
    ['is a first release before its traffic', { stable: null, canary: 'new', weights: {} }, ready('new'), 'new'],
    ['is nothing where there is nothing', { stable: null, canary: 'new', weights: {} }, [], null],
  ];
  for (const [name, service, revisions, expected] of cases) {
    it(name, () => assert.equal(previewOf(service, revisions), expected));
  }
});

describe('a stored state of an older engine', () => {
  it('has services whose preview is still to be chosen', (t) => {
    const home = mkdtempSync(join(tmpdir(), 'shiplock-unit-'));
    t.after(() => rmSync(home, { recursive: true }));
    const api = {
      port: 20_001,
      fence: 1000,
      holders: [],
      stable: 'a',
      canary: null,
      weights: { a: 100 },
      revisions: {},
    };
    const ports = { temporal: null, ui: null, envoyAdmin: null, prometheus: null };
    const stored = { format: 1, desired: 'up', ports, services: { api }, effects: 0, lastEffect: null };
    writeFileSync(stackPaths(home).state, JSON.stringify(stored));
    assert.deepEqual(readState(stackPaths(home)).services.api, { ...api, preview: null });
  });
});
