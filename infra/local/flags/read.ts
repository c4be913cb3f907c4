import { readFileSync } from 'node:fs';
import { ShiplockError } from '../../../src/errors.ts';
import type { FlagDefinitions } from '../protocol.ts';
import { problemOf } from './definitions.ts';

/**
 * A definitions file of flagd's, in JSON: https://flagd.dev/reference/flag-definitions/
 *
 * @throws ShiplockError `SHIPLOCK_LOCAL_FLAGS_INVALID` when it cannot be read as one.
 */
export function readDefinitions(file: string): FlagDefinitions {
  try {
    const { flags, $evaluators, metadata } = JSON.parse(readFileSync(file, 'utf8')) as FlagDefinitions;
    const definitions = { flags, ...($evaluators && { $evaluators }), ...(metadata && { metadata }) };
    const problem = problemOf(definitions);
    if (problem !== '') throw new Error(problem);
    return definitions;
  } catch (cause) {
    throw new ShiplockError({
      code: 'SHIPLOCK_LOCAL_FLAGS_INVALID',
      message: `${file} is no definitions file: ${(cause as Error).message}`,
      mend: 'https://flagd.dev/reference/flag-definitions/',
      cause,
    });
  }
}
