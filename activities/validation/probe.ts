import { request as requestHttp } from 'node:http';
import { Context } from '@temporalio/activity';
import type { HttpCheck } from '../../src/plan/plan.ts';
import { sentence } from '../failure.ts';
import type { Probe } from './port.ts';
import type { SideAddress } from './sides.ts';

const MAX_BODY_BYTES = 64 * 1024;
/** What a probe saw stays in the release's history, so no credentials do. */
const SECRET_HEADER = /cookie|token|secret|authorization|session/;

interface Answer {
  readonly status: number | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly error: string | null;
}

/**
 * One GET on a connection of its own. An answer that does not come, or breaks off, is a probe with an error; throws
 * only where the activity itself is cancelled.
 */
export async function look({ address, version }: SideAddress, check: HttpCheck): Promise<Probe> {
  const { cancellationSignal } = Context.current();
  const at = new Date().toISOString();
  const begin = performance.now();
  const deadline = AbortSignal.timeout(check.timeoutMs);
  const answer = await get(address, check.path, AbortSignal.any([deadline, cancellationSignal])).catch(
    (error: unknown) => unanswered(deadline.aborted ? `no answer within ${check.timeoutMs} ms` : sentence(error)),
  );
  cancellationSignal.throwIfAborted();
  return { at, url: address + check.path, ...answer, seconds: (performance.now() - begin) / 1000, version };
}

function get(address: string, path: string, signal: AbortSignal): Promise<Answer> {
  // Host and path go in separately: whatever the path holds, the question goes to this service.
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const asked = requestHttp({ host: hostname, port, path, agent: false, signal }, (response) => {
      const answered = () =>
        resolve({ status: response.statusCode ?? null, headers: plain(response.headers), error: null });
      let bytes = 0;
      response.on('data', (part: Buffer) => {
        bytes += part.length;
        if (bytes <= MAX_BODY_BYTES) return;
        answered();
        response.destroy();
      });
      response.on('end', answered);
      response.on('error', reject);
      response.on('close', () => reject(new Error('the answer broke off')));
    });
    asked.on('error', reject);
    asked.end();
  });
}

function plain(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      if (value === undefined) return [];
      return [[name, SECRET_HEADER.test(name) ? '(not kept)' : [value].flat().join(', ')]];
    }),
  );
}

function unanswered(error: string): Answer {
  return { status: null, headers: {}, error };
}
