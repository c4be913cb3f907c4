import { Counter, Gauge, type Registry } from 'prom-client';
import { type Distribution, emptyDistribution, histogramOf, observe } from './histogram.ts';

/** Beyond this many routes, further ones are counted as `other`: a mistake in a service must not fill Prometheus. */
const MAX_ROUTES = 200;
const OTHER = 'other';

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export interface AnsweredRequest {
  readonly role: string;
  readonly method: string;
  /** A pattern such as `/credentials/:id`. */
  readonly route: string;
  readonly code: number;
  readonly seconds: number;
}

export interface Series {
  record(request: AnsweredRequest): void;
  /** Names what says, at each scrape, which role this process has: also while it answers nothing. */
  announce(deployment: () => Promise<Deployment>): void;
}

export interface Deployment {
  readonly role: string;
  readonly version: string;
}

const known = new WeakMap<Registry, Series>();

/** The series of a registry; made once for each. */
export function seriesOf(register: Registry): Series {
  const series = known.get(register) ?? createSeries(register);
  known.set(register, series);
  return series;
}

function createSeries(register: Registry): Series {
  const distributions: Distribution[] = [];
  const labelNames = ['method', 'route', 'code', 'deployment_type'];

  register.registerMetric(
    histogramOf({
      name: 'http_request_duration_seconds',
      help: 'Time from the arrival of a request to the end of its response.',
      distributions,
    }),
  );
  // The counters follow from what the histogram counts: they are filled when scraped, and cost a request nothing.
  new Counter({
    name: 'http_requests_total',
    help: 'Answered requests. Code 499: the client left before the answer was complete.',
    labelNames,
    registers: [register],
    collect() {
      this.reset();
      for (const { labels, count } of distributions) this.inc(labels, count);
    },
  });
  new Counter({
    name: 'http_responses_total',
    help: 'Answered requests by class of their code.',
    labelNames: ['class', 'deployment_type'],
    registers: [register],
    collect() {
      this.reset();
      for (const { labels, count } of distributions)
        this.inc({ class: `${labels.code?.[0]}xx`, deployment_type: labels.deployment_type ?? '' }, count);
    },
  });
  let deployment: (() => Promise<Deployment>) | undefined;
  new Gauge({
    name: 'deployment_start_time_seconds',
    help: 'When this process started, seconds since 1970. Present as long as it runs, with or without traffic.',
    labelNames: ['deployment_type', 'version'],
    registers: [register],
    async collect() {
      if (!deployment) return;
      const { role, version } = await deployment();
      this.reset();
      this.set({ deployment_type: role, version }, performance.timeOrigin / 1000);
    },
  });

  const byRole = new Map<string, Map<string, Map<string, Map<number, Distribution>>>>();
  const routes = new Set<string>();

  function distributionOf({ role, method, route, code }: AnsweredRequest): Distribution {
    const boundedRoute = routes.has(route) || routes.size < MAX_ROUTES ? route : OTHER;
    routes.add(boundedRoute);
    const boundedMethod = METHODS.has(method) ? method : OTHER;
    const byCode = within(within(within(byRole, role), boundedRoute), boundedMethod);
    const existing = byCode.get(code);
    if (existing) return existing;
    const made = emptyDistribution({
      method: boundedMethod,
      route: boundedRoute,
      code: String(code),
      deployment_type: role,
    });
    byCode.set(code, made);
    distributions.push(made);
    return made;
  }

  return {
    record(request) {
      const { role, route, method, code } = request;
      observe(byRole.get(role)?.get(route)?.get(method)?.get(code) ?? distributionOf(request), request.seconds);
    },
    announce(source) {
      deployment = source;
    },
  };
}

/** The inner map of a key; made when it is missing. */
function within<Key, Inner>(outer: Map<string, Map<Key, Inner>>, key: string): Map<Key, Inner> {
  const inner = outer.get(key) ?? new Map<Key, Inner>();
  outer.set(key, inner);
  return inner;
}
