import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Challenge, parseChallenges } from '../../activities/image/challenge.ts';
import { processorMs } from '../fixtures/processor-time.ts';
import { randomBelow } from '../fixtures/random.ts';

const read = (header: string) => parseChallenges(header)?.map(plain) ?? null;
const plain = ({ scheme, parameters }: Challenge) => ({ scheme, ...Object.fromEntries(parameters) });

describe('what a registry asks for', () => {
  const understood: [string, object[]][] = [
    ['', []],
    ['Bearer', [{ scheme: 'bearer' }]],
    [
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:credlink/api:pull"',
      [
        {
          scheme: 'bearer',
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:credlink/api:pull',
        },
      ],
    ],
    ['bearer REALM = x , , Service="a, b"', [{ scheme: 'bearer', realm: 'x', service: 'a, b' }]],
    ['Basic realm="a \\"b\\" \\\\"', [{ scheme: 'basic', realm: 'a "b" \\' }]],
    ['Negotiate YWJj==, Basic realm=""', [{ scheme: 'negotiate' }, { scheme: 'basic', realm: '' }]],
    [
      'Bearer realm="a",service="s", Basic realm="b"',
      [
        { scheme: 'bearer', realm: 'a', service: 's' },
        { scheme: 'basic', realm: 'b' },
      ],
    ],
    [', Negotiate , Basic realm="b" ,', [{ scheme: 'negotiate' }, { scheme: 'basic', realm: 'b' }]],
  ];
  for (const [header, challenges] of understood) {
    it(`is read: ${header || 'nothing'}`, () => assert.deepEqual(read(header), challenges));
  }

  const refused = [
    'realm="x"',
    'Bearer realm="x',
    'Bearer realm="x"service="y"',
    'Bearer realm="x" service="y"',
    'Bearer realm="x", realm="y"',
    'Bearer realm="x", REALM="y"',
    'Bearer realm="x\u0000"',
    'Bearer realm="x\r\ny"',
    'Bearer realm="\u2028"',
    'Bearer YWJj, realm="x"',
    'Bearer, realm="x"',
    'Bearer realm=x y',
    'Bear(er realm="x"',
    `Bearer ${Array.from({ length: 17 }, (_, index) => `p${index}=x`).join(',')}`,
    Array.from({ length: 9 }, () => 'Basic realm="x"').join(','),
    `Bearer realm="${'x'.repeat(4096)}"`,
  ];
  for (const header of refused) {
    it(`is not read: ${JSON.stringify(header.slice(0, 60))}`, () => assert.equal(read(header), null));
  }
});

const ROUNDS = 5_000;
const SEED = 20_261_123;

const PIECES = [
  'Bearer',
  'Basic',
  ' ',
  ',',
  '=',
  '"',
  '\\',
  'realm',
  'x',
  '\t',
  '==',
  '/',
  ':',
  '\u0000',
  'é',
  '\n',
  '☂',
];

it(`${ROUNDS} challenges are read as they were written, and anything else without harm`, () => {
  const random = randomBelow(SEED);
  const any = () => PIECES[random(PIECES.length)] ?? '';
  let refusals = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const written = Array.from({ length: 1 + random(8) }, () => ({
      scheme: ['bearer', 'basic', 'x-y'][random(3)] ?? '',
      parameters: new Map(
        Array.from({ length: 1 + random(6) }, (_, index) => [
          `p${index}`,
          Array.from({ length: random(6) }, () => ['a', '"', '\\', ',', '=', ' ', 'é', '\t'][random(8)] ?? '').join(''),
        ]),
      ),
    }));
    const header = written.map(format).join([',', ' , ', ',,\t'][random(3)]);
    assert.deepEqual(parseChallenges(header), written, header);

    const at = random(header.length);
    const spoilt = header.slice(0, at) + any() + header.slice(at + random(3));
    const noise = Array.from({ length: random(40) }, any).join('');
    for (const text of [spoilt, noise]) {
      const found = parseChallenges(text);
      refusals += found === null ? 1 : 0;
      for (const { scheme, parameters } of found ?? []) {
        assert.match(scheme, /^[!-~]+$/);
        for (const value of parameters.values()) assert.doesNotMatch(value, /[\0\r\n☂]/, JSON.stringify(text));
      }
    }
  }
  assert.ok(refusals > ROUNDS / 4 && refusals < 2 * ROUNDS, `${refusals} refused`);
});

it('the longest and worst is read in no time', () => {
  const begun = processorMs();
  for (const piece of ['a', ' ', ',', '="', '\\"', 'a=', 'a ', 'a,', '"\\', 'a=b,', '\t=']) {
    for (const start of ['', 'Bearer ', 'Bearer realm="', 'Bearer realm=x,']) {
      parseChallenges(`${start}${piece.repeat(4096)}`.slice(0, 4096));
    }
  }
  assert.ok(processorMs() - begun < 1_000, `${processorMs() - begun} ms`);
});

function format({ scheme, parameters }: Challenge): string {
  const quoted = (value: string) => `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
  return `${scheme} ${[...parameters].map(([name, value]) => `${name}=${quoted(value)}`).join(', ')}`;
}
