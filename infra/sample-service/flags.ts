import { randomUUID } from 'node:crypto';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature } from '@openfeature/server-sdk';

export type Side = 'on' | 'off';

/** The flags of this service, as OpenFeature answers them. */
export interface Flags {
  /** Which side of `new-credentials` a user is on; `off`, the default of the code, where nobody answers. */
  newCredentials(user: string): Promise<Side>;
}

/** The code as it is without a flag service. */
export const CODE_DEFAULTS: Flags = { newCredentials: async () => 'off' };

/** On loopback an answer takes about a millisecond. */
const TIMEOUT_MS = 100;
/** After a question without an answer nobody asks for so long, so a flag service that hangs costs next to nothing. */
const PAUSE_MS = 1_000;

/**
 * @param url where OFREP is answered, for example `http://127.0.0.1:20432`; absent: the code's defaults count.
 * @param timeoutMs the longest that a flag may hold a request up
 */
export async function openFlags(url: string | undefined, timeoutMs = TIMEOUT_MS): Promise<Flags> {
  if (!url) return CODE_DEFAULTS;
  const domain = randomUUID();
  const fetchImplementation = patiently(timeoutMs);
  await OpenFeature.setProviderAndWait(domain, new OFREPProvider({ baseUrl: url, fetchImplementation }));
  const client = OpenFeature.getClient(domain);
  return {
    newCredentials: async (user) => {
      const isOn = await client.getBooleanValue('new-credentials', false, { targetingKey: user });
      return isOn ? 'on' : 'off';
    },
  };
}

/** The provider itself waits for ever, and asks anew for each request. */
function patiently(timeoutMs: number): typeof fetch {
  let silentUntil = 0;
  return async (input, init) => {
    if (performance.now() < silentUntil) throw new Error('the flag service did not answer a moment ago');
    try {
      return await fetch(input, { ...init, signal: AbortSignal.timeout(timeoutMs) });
    } catch (error) {
      silentUntil = performance.now() + PAUSE_MS;
      throw error;
    }
  };
}
