import { get } from 'node:http';
import { LOOPBACK } from './ports.ts';

const TIMEOUT_MS = 2_000;

/** Asks once, on a connection of its own. Empty when it answers 200, else why it cannot serve. */
export function probeHttp(port: number | null, path: string): Promise<string> {
  if (port === null) return Promise.resolve('it has no port yet');
  return new Promise((resolve) => {
    const request = get({ host: LOOPBACK, port, path, agent: false, timeout: TIMEOUT_MS }, (response) => {
      response.resume();
      response.on('error', () => undefined);
      resolve(response.statusCode === 200 ? '' : `GET ${path} answers ${response.statusCode}`);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    request.on('error', (error) => resolve(`GET ${path}: ${error.message}`));
  });
}
