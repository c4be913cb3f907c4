import { z } from 'zod';
import { anyReleaseSchema } from './schema.ts';

/** JSON Schema (draft 2020-12) of the release file, for editors; committed as `src/plan/release.schema.json`. */
export function releaseJsonSchema(): unknown {
  return z.toJSONSchema(anyReleaseSchema, { io: 'input', unrepresentable: 'any' });
}
