import { ShiplockError } from '../../errors.ts';
import { nearest } from '../../plan/suggest.ts';
import { PROVIDERS, type ProviderName } from './canary-schema.ts';

/** What an option calls a provider of Flagger's; `undefined` where it says nothing. */
export function providerFrom(text: string | undefined): ProviderName | undefined {
  const found = PROVIDERS.find((name) => name === text);
  if (text === undefined || found !== undefined) return found;
  const near = nearest(text, PROVIDERS);
  throw new ShiplockError({
    code: 'SHIPLOCK_USAGE',
    message: `"${text}" is no provider of Flagger's`,
    mend: near === null ? `expected one of ${PROVIDERS.join(', ')}` : `did you mean ${near}?`,
  });
}
