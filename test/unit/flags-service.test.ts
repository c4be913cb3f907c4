import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileOf, problemOf, revisionOfText } from '../../infra/local/flags/definitions.ts';
import { readDefinitions } from '../../infra/local/flags/read.ts';
import { type FlagServer, serveFlags } from '../../infra/local/flags/serve.ts';
import type { FlagDefinition, FlagDefinitions } from '../../infra/local/protocol.ts';

const switched: FlagDefinition = { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'off' };
const definitions: FlagDefinitions = {
  flags: {
    'new-checkout': { ...switched, targeting: { if: [{ $ref: 'staff' }, 'on'] }, metadata: { owner: 'team-a' } },
    colour: { state: 'ENABLED', variants: { red: '#f00', green: '#0f0' }, defaultVariant: 'red' },
    asleep: { ...switched, state: 'DISABLED' },
    undecided: { state: 'ENABLED', variants: { on: true, off: false } },
    lost: { ...switched, targeting: { if: [true, 'nowhere'] } },
  },
  $evaluators: { staff: { ends_with: [{ var: 'email' }, '@example.com'] } },
  metadata: { set: 'shop' },
};

describe('the flag service', { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'shiplock-flags-'));
  const file = join(folder, 'flags.json');
  let server: FlagServer;
  const replace = (text: string) => {
    writeFileSync(`${file}.tmp`, text);
    renameSync(`${file}.tmp`, file);
  };
  before(async () => {
    replace(fileOf(definitions));
    server = await serveFlags({ file, port: 0 });
  });
  beforeEach(async () => {
    replace(fileOf(definitions));
    await untilRevision(fileOf(definitions));
  });
  after(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const ask = async (path: string, body: unknown = {}, headers: Record<string, string> = {}, method = 'POST') => {
    const content = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
      method,
      headers,
      ...(method === 'POST' && { body: content }),
    });
    const text = await response.text();
    return { status: response.status, etag: response.headers.get('etag'), body: text === '' ? null : JSON.parse(text) };
  };
  const one = (key: string, context: unknown = {}) => ask(`/ofrep/v1/evaluate/flags/${key}`, { context });
  const untilRevision = async (text: string) => {
    const begin = performance.now();
    for (;;) {
      const { body } = await ask('/revision', {}, {}, 'GET');
      if (body.revision === revisionOfText(text)) return performance.now() - begin;
      if (performance.now() - begin > 60_000) throw new Error(`still evaluates ${JSON.stringify(body)}`);
      await delay(2);
    }
  };

  it('evaluates a flag for a context, with shared rules and metadata', async () => {
    const { status, body } = await one('new-checkout', { targetingKey: 'a', email: 'a@example.com' });
    assert.equal(status, 200);
    assert.deepEqual(body, {
      key: 'new-checkout',
      value: true,
      variant: 'on',
      reason: 'TARGETING_MATCH',
      metadata: { set: 'shop', owner: 'team-a' },
    });
    assert.equal((await one('new-checkout', { email: 'a@elsewhere.org' })).body.value, false);
    assert.equal((await one('colour')).body.value, '#f00');
  });

  it('says what it has no value for, so that the code’s default counts', async () => {
    for (const key of ['nowhere', 'asleep', 'undecided', 'constructor', '__proto__']) {
      const { status, body } = await one(key);
      assert.deepEqual([status, body.errorCode, body.key], [404, 'FLAG_NOT_FOUND', key]);
    }
    const { status, body } = await one('lost');
    assert.deepEqual([status, body.errorCode], [400, 'GENERAL']);
  });

  it('refuses what is no request of the protocol', async () => {
    const path = '/ofrep/v1/evaluate/flags/colour';
    assert.equal((await ask(path, '{')).body.errorCode, 'PARSE_ERROR');
    for (const context of [[], 'x', 7, null, { targetingKey: 7 }]) {
      const { status, body } = await one('colour', context);
      assert.deepEqual([status, body.errorCode], [400, 'INVALID_CONTEXT'], JSON.stringify(context));
    }
    assert.equal((await ask(path, {}, {}, 'GET')).status, 405);
    assert.equal((await ask('/ofrep/v1/evaluate/flags/%E0%A4%A', {})).status, 404);
    assert.equal((await ask('/elsewhere')).status, 404);
    assert.equal((await ask(path, { context: { long: 'x'.repeat(70_000) } })).status, 413);
    assert.equal((await ask(path, { context: {} })).status, 200, 'and goes on');
  });

  it('evaluates all flags at once, and answers 304 while nothing changed for that context', async () => {
    const all = '/ofrep/v1/evaluate/flags';
    const first = await ask(all, { context: { email: 'a@example.com' } });
    assert.deepEqual(
      first.body.flags.map(({ key }: { key: string }) => key),
      ['new-checkout', 'colour', 'lost'],
    );
    const known = { 'if-none-match': first.etag ?? '' };
    const again = await ask(all, { context: { email: 'a@example.com' } }, known);
    assert.deepEqual([again.status, again.body], [304, null]);
    assert.equal((await ask(all, { context: { email: 'b@elsewhere.org' } }, known)).status, 200);
  });

  it('takes a new file up at once, and keeps the last good one when a new one is broken', async () => {
    const next = fileOf({
      flags: { colour: { ...definitions.flags.colour, defaultVariant: 'green' } as FlagDefinition },
    });
    // Right after one was taken up, the next is a second away for who only looks once a second.
    const tookMs: number[] = [];
    for (const text of [next, fileOf(definitions), next, fileOf(definitions), next]) {
      replace(text);
      tookMs.push(await untilRevision(text));
    }
    assert.ok(Math.min(...tookMs.slice(1)) < 500, `took ${tookMs} ms`);
    assert.equal((await one('colour')).body.value, '#0f0');
    replace('{ "flags": { "colour": ');
    for (let problem = ''; !problem.includes('JSON'); await delay(2)) {
      problem = (await ask('/revision', {}, {}, 'GET')).body.problem;
    }
    assert.equal((await one('colour')).body.value, '#0f0');
  });
});

describe('definitions', () => {
  it('are those of flagd, or refused with what is wrong', () => {
    assert.equal(problemOf(definitions), '');
    assert.equal(problemOf({ flags: {} }), '');
    for (const [flag, said] of [
      [{ ...switched, state: 'ON' }, /\/flags\/x\/state/],
      [{ ...switched, defaultVariant: 'gone' }, /gone/],
      [{ ...switched, targeting: { nonsense: [] } }, /\/flags\/x\/targeting/],
      [{ ...switched, variants: {} }, /variants/],
      [{ ...switched, metadata: { note: 'x'.repeat(40_000) } }, /over 32 KiB/],
      [{ ...switched, targeting: JSON.parse('{"!":['.repeat(200) + ']}'.repeat(200)) }, /nest deeper/],
    ] as const) {
      assert.match(problemOf({ flags: { x: flag as FlagDefinition } }), said);
    }
    const many = Array.from({ length: 8 }, (_, n) => [
      `f${n}`,
      { ...switched, metadata: { note: 'x'.repeat(30_000) } },
    ]);
    assert.match(problemOf({ flags: Object.fromEntries(many) }), /over 192 KiB/);
  });

  it('are read from a file, or refused with its name and a code', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'shiplock-flags-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'flags.json');
    writeFileSync(file, fileOf(definitions));
    assert.deepEqual(readDefinitions(file), definitions);
    for (const text of ['', '[]', 'null', '{}', '{"flags":[]}', '{"flags":{"x":null}}']) {
      writeFileSync(file, text);
      assert.throws(() => readDefinitions(file), { code: 'SHIPLOCK_LOCAL_FLAGS_INVALID' }, text);
    }
    assert.throws(() => readDefinitions(join(folder, 'gone.json')), /gone\.json/);
  });
});
