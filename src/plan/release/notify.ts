import { piece, valueAt } from '../shape/check.ts';
import type { Context } from './context.ts';
import { notifySchema } from './schema-phases.ts';

/** `undefined`: nobody is told. */
export function compileNotify(context: Context): readonly string[] | undefined {
  const webhooks = piece(notifySchema, valueAt(context.source.value, ['notify'])) ?? [];
  for (const [index, name] of webhooks.entries()) {
    if (webhooks.indexOf(name) === index) continue;
    context.report.error(
      context.source,
      ['notify', index],
      'SHIPLOCK_PLAN_DUPLICATE',
      `${name} is named a second time`,
    );
  }
  return webhooks.length === 0 ? undefined : webhooks;
}
