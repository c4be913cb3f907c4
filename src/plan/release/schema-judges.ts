/** `canary.comparison` by either judge: what one of them takes, the other refuses by name. */
import { z } from 'zod';
import { withHints } from '../shape/check.ts';
import { comparisonSchema } from './schema-comparison.ts';
import { kayentaSchema } from './schema-kayenta.ts';

tellApart(comparisonSchema, kayentaSchema);
tellApart(comparisonSchema.shape.metrics.element, kayentaSchema.shape.metrics.element);

/** What is compared with the stable side, and by whom it is judged. */
export const comparisonByEither = z.discriminatedUnion('judge', [comparisonSchema, kayentaSchema], {
  error: ({ code }) => (code === 'invalid_union' ? '"sequential" or "kayenta"' : undefined),
});

function tellApart(sequential: z.ZodObject, kayenta: z.ZodObject): void {
  withHints(sequential, (field) => foreign(field, { of: kayenta, judge: 'kayenta', here: 'sequential' }));
  withHints(kayenta, (field) => foreign(field, { of: sequential, judge: 'sequential', here: 'kayenta' }));
}

function foreign(
  field: string,
  { of, judge, here }: { readonly of: z.ZodObject; readonly judge: string; readonly here: string },
): string | undefined {
  if (!Object.hasOwn(of.shape, field)) return undefined;
  return `is a field of the judge ${judge}, and here judges ${here}; a comparison has one judge`;
}
