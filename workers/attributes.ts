import type { NativeConnection } from '@temporalio/worker';
import { ShiplockError } from '../src/errors.ts';
import { SEARCH_ATTRIBUTES } from '../workflows/messages.ts';

/** `temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD`. */
const KEYWORD = 2;

/**
 * Registers the search attributes that releases carry. A release that sets an unregistered one would wedge, so a
 * worker that cannot make sure of them does not start.
 */
export async function registerSearchAttributes(connection: NativeConnection, namespace: string): Promise<void> {
  const { operatorService } = connection;
  const wanted = Object.values(SEARCH_ATTRIBUTES);
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    const missing = wanted.filter((name) => customAttributes?.[name] !== KEYWORD);
    if (missing.length === 0) return;
    const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD] as const));
    await operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (cause) {
    throw new ShiplockError({
      code: 'SHIPLOCK_SEARCH_ATTRIBUTES',
      message: `the search attributes of releases are not registered in namespace ${namespace}: ${cause}`,
      mend: `register them as keywords, for example \`temporal operator search-attribute create ${wanted
        .map((name) => `--name ${name} --type Keyword`)
        .join(' ')}\``,
      cause,
    });
  }
}
