import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import { Counter, type Registry } from 'prom-client';
import type { Flags, Side } from './flags.ts';

/** Who is served the new side by these; an analysis of a flag's ramp looks at `variant="on"` alone. */
const HEADER = 'x-flag-new-credentials';

/**
 * Decides, for each request, which side of `new-credentials` it is on: by its user in `x-user`, else by chance. The
 * answer says it in a header, the counter by variant and code.
 */
export function chooseSide(options: { readonly flags: Flags; readonly register: Registry }): RequestHandler {
  const requests = new Counter({
    name: 'feature_flag_requests_total',
    help: 'Requests by the variant of a flag that they were served.',
    labelNames: ['flag', 'variant', 'code'],
    registers: [options.register],
  });
  return async (req, res, next) => {
    const side = await options.flags.newCredentials(req.get('x-user') || randomUUID());
    res.locals.side = side;
    res.setHeader(HEADER, side);
    res.on('finish', () => requests.inc({ flag: 'new-credentials', variant: side, code: res.statusCode }));
    next();
  };
}

export function sideOf(res: { readonly locals: Record<string, unknown> }): Side {
  return res.locals.side === 'on' ? 'on' : 'off';
}
