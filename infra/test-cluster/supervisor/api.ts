import { request } from 'node:https';

/** The API server as the supervisor asks it: before there is a kubeconfig, and without a client's machinery. */
export interface Api {
  /** @throws Error in words for any answer that is not 2xx; a 409 of a creation counts as created. */
  ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown>;
}

const TIMEOUT_MS = 15_000;

export function connectApi(options: {
  readonly port: number;
  readonly host: string;
  readonly token: string;
  readonly certificate: () => string;
}): Api {
  return {
    ask: (method, path, body) =>
      new Promise((resolve, reject) => {
        const { port, host } = options;
        const headers = { authorization: `Bearer ${options.token}`, 'content-type': 'application/json' };
        const ca = options.certificate();
        const sent = request({ host, port, path, method, headers, ca, timeout: TIMEOUT_MS }, (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(parts).toString('utf8');
            const status = response.statusCode ?? 0;
            if (status >= 300 && !(method === 'POST' && status === 409)) {
              return reject(new Error(`${method} ${path}: ${status} ${text.slice(0, 300)}`));
            }
            resolve(text.startsWith('{') ? JSON.parse(text) : text);
          });
        });
        sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer`)));
        sent.on('error', reject);
        sent.end(body === undefined ? undefined : JSON.stringify(body));
      }),
  };
}
