import assert from 'node:assert/strict';
import { lookup } from 'node:dns';
import type { RequestListener } from 'node:http';
import type { LookupFunction } from 'node:net';
import { after, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { exchange, type HttpAnswer, type HttpQuestion } from '../../activities/metrics/exchange.ts';
import { selfSigned } from './support/certificate.ts';
import { loopbackServers } from './support/loopback.ts';

const never = new AbortController().signal;
const { serve, stop } = loopbackServers();
after(stop);

function ask(url: string, question: Partial<HttpQuestion> = {}, resolve?: LookupFunction): Promise<HttpAnswer> {
  return exchange({ url, method: 'GET', headers: {}, timeoutMs: 5_000, ...question }, never, resolve);
}

/** What a server that answers so is seen to have said. */
async function seen(listener: RequestListener, question: Partial<HttpQuestion> = {}) {
  const origin = await serve(listener);
  const { raw, error, status } = await ask(origin, question);
  return { raw, error: error?.replace(origin, 'ORIGIN') ?? null, status };
}

const redirect = (location: string, status = 302): RequestListener => {
  return (_, response) => void response.writeHead(status, { location }).end();
};

describe('an exchange', () => {
  it('sends the method, the headers and the body, and keeps the answer byte for byte', async () => {
    for (const [method, body] of [
      ['GET', undefined],
      ['POST', '{"a":1}'],
      ['PUT', 'ü'],
    ] as const) {
      const answer = await seen(
        async (request, response) => {
          const sent = Buffer.concat(await request.toArray()).toString();
          const { authorization, 'accept-encoding': coding } = request.headers;
          response.writeHead(201).end(`\ufeff${request.method} ${authorization} ${coding} ${sent}\n`);
        },
        { method, headers: { Authorization: 'Bearer abc' }, ...(body === undefined ? {} : { body }) },
      );
      const raw = `\ufeff${method} Bearer abc identity ${body ?? ''}\n`;
      assert.deepEqual(answer, { raw, error: null, status: 201 });
    }
  });

  it('that is cancelled throws, whatever the server does', async () => {
    const began = Promise.withResolvers<void>();
    const url = await serve(() => began.resolve());
    const cancellation = new AbortController();
    const running = exchange({ url, method: 'GET', headers: {}, timeoutMs: 60_000 }, cancellation.signal);
    await began.promise;
    cancellation.abort(new Error('the release is over'));
    await assert.rejects(running, { message: 'the release is over' });
  });

  it('asks nothing but http(s), and no address that carries credentials, which it does not repeat', async () => {
    for (const url of ['', 'prometheus', 'file:///etc/passwd', 'ftp://127.0.0.1/', 'http://'])
      assert.match((await ask(url)).error ?? '', /no http\(s\) address/, url);
    const { error } = await ask('http://someone:hunter2@127.0.0.1:1/?token=hunter3');
    assert.equal(error, '"http://127.0.0.1:1/" carries credentials');
  });
});

describe('an answer of an exchange', () => {
  it('that never ends is left after 64 KiB, or at the time-out', async () => {
    const closed = Promise.withResolvers<void>();
    const answer = await seen((_, response) => {
      const more = setInterval(() => response.write('x'.repeat(8_192)), 1);
      response.once('close', () => {
        clearInterval(more);
        closed.resolve();
      });
    });
    assert.deepEqual(answer, { raw: '', error: 'ORIGIN answers more than 64 KiB', status: 200 });
    await closed.promise;
    const slow = await seen(
      (_, response) => {
        const drip = setInterval(() => response.write(' '), 20);
        response.once('close', () => clearInterval(drip));
      },
      { timeoutMs: 300 },
    );
    assert.equal(slow.error, 'ORIGIN has not answered within 300 ms');
  });

  it('of just 64 KiB is read, and one byte more is not', async () => {
    const of = (bytes: number) => seen((_, response) => void response.end('x'.repeat(bytes)));
    assert.equal((await of(65_536)).raw.length, 65_536);
    assert.equal((await of(65_537)).error, 'ORIGIN answers more than 64 KiB');
  });

  it('that is compressed, no UTF-8, or nothing, is none', async () => {
    const packed = await seen(
      (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{}')),
    );
    assert.equal(packed.error, 'ORIGIN answers compressed (gzip), which is not unpacked');
    const bytes = await seen((_, response) => void response.end(Buffer.from([0xc3, 0x28])));
    assert.equal(bytes.error, 'ORIGIN answers bytes that are no UTF-8');
    assert.equal((await seen((_, response) => void response.end())).error, 'ORIGIN answers nothing');
  });

  it('that is no HTTP, or ends too soon, is none', async () => {
    const garbage = await seen((request) => void request.socket.end('220 mail.example ESMTP\r\n\r\n'));
    assert.match(garbage.error ?? '', /^ORIGIN is not reached: Parse Error/);
    const half = await seen((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"status":');
      setTimeout(() => response.destroy(), 20);
    });
    assert.match(half.error ?? '', /^ORIGIN is not reached: /);
    assert.equal(half.raw, '');
  });

  it("with another status than 2xx is an error with the server's words, on one line", async () => {
    const of = async (status: number, body: string) =>
      (await seen((_, response) => void response.writeHead(status).end(body))).error;
    assert.equal(await of(500, 'out\u001b[31m of\nmemory'), 'ORIGIN answers 500: out [31m of memory');
    assert.equal(
      await of(422, '{"errorType":"execution","error":"too many"}'),
      'ORIGIN answers 422: execution: too many',
    );
    assert.equal(await of(403, '{"errors":["Forbidden"]}'), 'ORIGIN answers 403: Forbidden');
    assert.ok(((await of(404, '!'.repeat(2_000))) ?? '').length <= 301);
  });

  it('that repeats a header it was sent does so in no error, not even in part', async () => {
    const token = `Bearer ${'s3cr3t'.repeat(60)}`;
    const { error } = await seen(
      (request, response) => void response.writeHead(401).end(`you sent ${request.headers.authorization}`),
      { headers: { Authorization: token } },
    );
    assert.equal(error, 'ORIGIN answers 401: you sent [Authorization]');
    const refused = await ask(await serve(() => undefined), { headers: { Authorization: 'a\r\nsecret' } });
    assert.match(refused.error ?? '', /Invalid character in header content/);
    assert.doesNotMatch(refused.error ?? '', /secret/);
  });

  it('does so neither where another header is a part of it, nor where the name of one is a pattern', async () => {
    const repeating = (headers: Record<string, string>) =>
      seen(
        (request, response) =>
          void response.writeHead(401).end(`you sent ${Object.values(request.headers).join(' ')}, and that is wrong`),
        { headers },
      );
    const partly = await repeating({ 'x-part': '3', authorization: 'Bearer s3cr3t-of-theirs' });
    assert.match(partly.error ?? '', /you sent /);
    assert.doesNotMatch(partly.error ?? '', /cr|of-theirs/);
    const named = await repeating({ 'x$&': 's3cr3t-of-theirs' });
    assert.match(named.error ?? '', /you sent \[x\$&\]/);
    assert.doesNotMatch(named.error ?? '', /of-theirs/);
  });
});

describe('a redirect', () => {
  it('to the same host and port is followed, with the headers', async () => {
    const answer = await seen(
      (request, response) => {
        if (request.url === '/') return void response.writeHead(307, { location: '/there' }).end();
        response.end(`${request.url} ${request.headers.authorization}`);
      },
      { headers: { authorization: 'Bearer abc' } },
    );
    assert.deepEqual(answer, { raw: '/there Bearer abc', error: null, status: 200 });
  });

  it('to another host, port or kind of address is refused, and nobody there is asked', async () => {
    let asked = 0;
    const other = await serve((_, response) => {
      asked += 1;
      response.end('{}');
    });
    for (const [to, because] of [
      [other, `to ${other}, which is another host, and is not followed`],
      ['http://metrics.example/', 'to http://metrics.example, which is another host, and is not followed'],
      ['file:///etc/passwd', 'to an address, which is no http(s) address'],
      ['http://169.254.169.254/', 'to http://169.254.169.254, which is a link-local address, which is never asked'],
    ] as const)
      assert.equal((await seen(redirect(to))).error, `ORIGIN answers 302, a redirect ${because}`);
    const credentials = await serve((request, response) => {
      response.writeHead(302, { location: `http://u:hunter2@${request.headers.host}/` }).end();
    });
    assert.match((await ask(credentials)).error ?? '', /which carries credentials$/);
    assert.equal(asked, 0);
  });

  it('that goes round is left after five', async () => {
    let asked = 0;
    const { error } = await seen((_, response) => {
      asked += 1;
      response.writeHead(302, { location: '/again' }).end();
    });
    assert.equal(error, 'ORIGIN answers 302, a redirect, after 5 others');
    assert.equal(asked, 6);
  });

  it('of what is posted is not followed, nor one that says nowhere', async () => {
    const posted = await seen(redirect('/there', 308), { method: 'POST', body: 'a=b' });
    assert.equal(posted.error, 'ORIGIN answers 308, a redirect, which is not followed');
    const nowhere = await seen((_, response) => void response.writeHead(302).end());
    assert.equal(nowhere.error, 'ORIGIN answers 302, a redirect, which is not followed');
  });
});

describe('a link-local address', () => {
  it('is refused, however it is written', async () => {
    for (const host of [
      '169.254.169.254',
      '0xA9FEA9FE',
      '2852039166',
      '0251.0376.0251.0376',
      '[fe80::1]',
      '[febf::1]',
      '[::ffff:169.254.169.254]',
      '[64:ff9b::169.254.169.254]',
    ])
      assert.match((await ask(`http://${host}/latest/meta-data`)).error ?? '', /link-local address/, host);
  });

  it('is refused where a name leads to it, whatever it led to before', async () => {
    let asked = 0;
    const { port } = new URL(
      await serve((_, response) => {
        asked += 1;
        response.end('{}');
      }),
    );
    const answers = [
      [{ address: '127.0.0.1', family: 4 }],
      [
        { address: '127.0.0.1', family: 4 },
        { address: 'fe80::1%lo', family: 6 },
      ],
      [{ address: '169.254.169.254', family: 4 }],
    ];
    const rebinding: LookupFunction = (_, __, done) => done(null, answers.shift() ?? []);
    const url = `http://metrics.example:${port}/`;
    assert.equal((await ask(url, {}, rebinding)).raw, '{}');
    assert.match((await ask(url, {}, rebinding)).error ?? '', /metrics\.example is fe80::1%lo, a link-local/);
    assert.match((await ask(url, {}, rebinding)).error ?? '', /metrics\.example is 169\.254\.169\.254, a link-local/);
    assert.equal(asked, 1);
  });

  it('is none of the addresses of this machine that a name may have', async () => {
    const { port } = new URL(await serve((_, response) => void response.end('{}')));
    assert.equal((await ask(`http://localhost:${port}/`, {}, lookup as LookupFunction)).raw, '{}');
  });
});

const certificate = selfSigned();
describe('a server whose certificate nobody vouches for', { skip: certificate ? false : 'no openssl here' }, () => {
  it('is not asked', async () => {
    let asked = 0;
    const url = await serve(() => {
      asked += 1;
    }, certificate ?? undefined);
    const { error } = await ask(url, { headers: { authorization: 'Bearer abc' } });
    assert.match(error ?? '', /is not reached: self-signed certificate/);
    assert.equal(asked, 0);
  });

  it('is asked with `insecure`', async () => {
    const url = await serve((_, response) => void response.end('{}'), certificate ?? undefined);
    assert.deepEqual(await ask(url, { insecure: true }), { raw: '{}', error: null, status: 200 });
  });
});
