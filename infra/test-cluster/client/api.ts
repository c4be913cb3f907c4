import { type Agent, type RequestOptions, request } from 'node:https';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';

/** What an API server answered: the very JSON, not a client's idea of it. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface Spoken {
  readonly status: number;
  readonly text: string;
  readonly isJson: boolean;
}

export interface AskOptions {
  readonly body?: unknown;
  readonly contentType?: string;
}

/** An API server, asked as a kubeconfig's context says. */
export interface Api {
  /** Any answer, also a refusal. Rejects where there is none within 20 s. */
  send(method: string, path: string, options?: AskOptions): Promise<Answer>;
  /** @throws Refused for any answer that is not 2xx */
  ask<T>(method: string, path: string, options?: AskOptions): Promise<T>;
  /** The events of a watch that the API server ends by itself (`timeoutSeconds`). */
  watched<T>(path: string): Promise<readonly T[]>;
  /** Tells each event of a watch at once, until it is ended by what this returns. */
  follow<T>(path: string, told: (event: T) => void): Promise<() => void>;
  close(): void;
}

/** An answer that is not 2xx. */
export class Refused extends Error {
  readonly status: number;
  /** Kubernetes' own word for it: `NotFound`, `Forbidden`, `Conflict`. */
  readonly reason: string;

  constructor(what: string, { status, body }: Answer) {
    const { reason = '', message = '' } = (body ?? {}) as { reason?: string; message?: string };
    super(`${what}: ${status} ${reason} ${message}`);
    this.name = 'Refused';
    this.status = status;
    this.reason = reason;
  }
}

const TIMEOUT_MS = 20_000;
/** A server that is busy is asked again, for ten seconds. */
const ATTEMPTS = 20;
const BUSY_MS = 500;

/** @param kubeconfig a file; `context` one of its contexts, by default the current one. */
export async function connectApi(kubeconfig: string, context?: string): Promise<Api> {
  const configuration = new KubeConfig();
  configuration.loadFromFile(kubeconfig);
  if (context) configuration.setCurrentContext(context);
  const cluster = configuration.getCurrentCluster();
  if (!cluster) throw new Error(`${kubeconfig} has no context ${context ?? ''} with a cluster`);
  const base = new URL(cluster.server);
  const access: RequestOptions = {};
  await configuration.applyToHTTPSOptions(access);

  const exchange = (method: string, path: string, options: AskOptions): Promise<Spoken> =>
    new Promise((resolve, reject) => {
      const content = options.body === undefined ? undefined : JSON.stringify(options.body);
      const headers = {
        ...(access.headers as Record<string, string>),
        accept: 'application/json',
        // Without a length Node sends no body with DELETE.
        ...(content !== undefined && {
          'content-type': options.contentType ?? 'application/json',
          'content-length': String(Buffer.byteLength(content)),
        }),
      };
      const url = new URL(`${base.pathname.replace(/\/$/, '')}${path}`, base);
      const sent = request(url, { ...access, method, headers, timeout: TIMEOUT_MS }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8');
          const isJson = response.headers['content-type']?.startsWith('application/json') ?? false;
          resolve({ status: response.statusCode ?? 0, text, isJson });
        });
      });
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer within ${TIMEOUT_MS} ms`)));
      sent.on('error', reject);
      sent.end(content);
    });
  const send: Api['send'] = async (method, path, options = {}) => {
    const { status, text, isJson } = await exchange(method, path, options);
    return { status, body: isJson ? JSON.parse(text) : text };
  };

  return {
    send,
    async watched<T>(path: string) {
      const { status, text } = await exchange('GET', path, {});
      if (status !== 200) throw new Refused(`GET ${path}`, { status, body: text });
      const lines = text.split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as T);
    },
    follow: <T>(path: string, told: (event: T) => void) =>
      new Promise<() => void>((resolve, reject) => {
        const url = new URL(`${base.pathname.replace(/\/$/, '')}${path}`, base);
        const headers = { ...(access.headers as Record<string, string>), accept: 'application/json' };
        const sent = request(url, { ...access, method: 'GET', headers }, (response) => {
          if (response.statusCode !== 200) {
            sent.destroy();
            return reject(new Refused(`GET ${path}`, { status: response.statusCode ?? 0, body: null }));
          }
          const lines = createInterface({ input: response }).on('line', (line) => told(JSON.parse(line) as T));
          // Whoever waits for an event that no longer comes has a deadline of its own.
          lines.on('error', () => undefined);
          resolve(() => void sent.destroy());
        });
        sent.on('error', reject);
        sent.end();
      }),
    async ask<T>(method: string, path: string, options?: AskOptions) {
      for (let attempt = 1; ; attempt += 1) {
        const answer = await send(method, path, options);
        if (answer.status >= 200 && answer.status <= 299) return answer.body as T;
        // As long as a definition is new, or defined anew, its storage is not there yet.
        if (answer.status !== 429 || attempt === ATTEMPTS) throw new Refused(`${method} ${path}`, answer);
        await delay(BUSY_MS);
      }
    },
    close: () => (access.agent as Agent | undefined)?.destroy(),
  };
}
