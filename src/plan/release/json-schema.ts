import { z } from 'zod';
import { releaseSchema } from './schema.ts';

/** JSON Schema (draft 2020-12) of the release file, for editors; committed as `src/plan/release.schema.json`. */
export function releaseJsonSchema(): unknown {
  return z.toJSONSchema(releaseSchema, { io: 'input', unrepresentable: 'any' });
}
