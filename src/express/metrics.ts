import type { RequestHandler } from 'express';
import { register as defaultRegister, type Registry } from 'prom-client';

/**
 * Answers a scrape with everything in the registry.
 *
 * @example app.get('/metrics', metricsHandler());
 */
export function metricsHandler(options: { readonly register?: Registry } = {}): RequestHandler {
  const register = options.register ?? defaultRegister;
  return (_req, res, next) => {
    register
      .metrics()
      .then((text) => {
        res.setHeader('content-type', register.contentType);
        res.end(text);
      })
      .catch(next);
  };
}
