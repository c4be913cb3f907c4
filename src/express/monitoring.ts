import type { RequestHandler } from 'express';
import { register as defaultRegister, type Registry } from 'prom-client';
import { type CanaryLogger, logToStdout } from './log.ts';
import { roleReader } from './role.ts';
import { routePattern } from './route.ts';
import { seriesOf } from './series.ts';

/** As nginx records a client that left before the answer was complete. */
const CLIENT_CLOSED_REQUEST = 499;

export interface CanaryMonitoringOptions {
  /** Where the series are kept. Default: prom-client's global registry. */
  readonly register?: Registry;
  /** Takes the entries of canary requests. Default: one JSON line each on standard output. `false`: none. */
  readonly logger?: CanaryLogger | false;
  /**
   * The pod's labels as the downward API writes them (`role="canary"`). Default: `SHIPLOCK_POD_LABELS`.
   * Looked at again at most once a second, so a promoted pod changes its role without a restart.
   */
  readonly labelsFile?: string;
  /** The role without a labels file. Default: `DEPLOYMENT_TYPE`, else `stable`. */
  readonly role?: string;
  /** The version in the log and in `deployment_start_time_seconds`. Default: `SERVICE_VERSION`, else `unknown`. */
  readonly version?: string;
  /**
   * Exact paths that are not counted. Default: `/health`, `/ready`, `/metrics`: probes and scrapes are always
   * good, so counting them would make a canary look healthy that answers nobody, or nobody well.
   */
  readonly ignore?: readonly string[];
}

/**
 * Express middleware (4 and 5) that counts requests in the series which release analyses read. Install it first.
 *
 * | series | type | labels |
 * |---|---|---|
 * | `http_requests_total` | counter | `method`, `route`, `code`, `deployment_type` |
 * | `http_request_duration_seconds` | histogram, buckets 0.1 to 10 s | the same |
 * | `http_responses_total` | counter | `class` (`2xx`), `deployment_type` |
 * | `deployment_start_time_seconds` | gauge | `deployment_type`, `version` |
 *
 * Label `service` comes from the scrape target. Routes are patterns, never raw paths; what no route answered is
 * `unmatched`. A client that leaves early is counted with code 499.
 *
 * @example app.use(canaryMonitoring({ labelsFile: '/etc/podinfo/labels' }));
 */
export function canaryMonitoring(options: CanaryMonitoringOptions = {}): RequestHandler {
  const register = options.register ?? defaultRegister;
  const logger = options.logger === false ? undefined : (options.logger ?? logToStdout);
  const version = options.version ?? process.env.SERVICE_VERSION;
  const ignored = new Set(options.ignore ?? ['/health', '/ready', '/metrics']);
  const series = seriesOf(register);
  const role = roleReader({
    file: options.labelsFile ?? process.env.SHIPLOCK_POD_LABELS,
    fallback: options.role ?? process.env.DEPLOYMENT_TYPE ?? 'stable',
  });
  series.announce(async () => ({ role: await role.refresh(), version: version ?? 'unknown' }));

  return (req, res, next) => {
    if (ignored.has(req.path)) return next();
    const begin = performance.now();
    const { app, method } = req;
    res.on('close', () => {
      const durationMs = performance.now() - begin;
      const code = res.writableFinished ? res.statusCode : CLIENT_CLOSED_REQUEST;
      const route = routePattern(app, req);
      const deployment = role.current();
      series.record({ role: deployment, method, route, code, seconds: durationMs / 1000 });
      if (deployment === 'canary' && logger)
        logger({
          time: new Date().toISOString(),
          level: code >= 500 ? 'error' : 'info',
          message: 'canary request',
          role: deployment,
          version: version ?? null,
          method,
          route,
          code,
          durationMs: Math.round(durationMs * 1000) / 1000,
          requestId: req.get('x-request-id') ?? null,
        });
    });
    next();
  };
}
