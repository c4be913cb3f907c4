import type { Application, Request } from 'express';

export const UNMATCHED = 'unmatched';
/** Stands for a mount path that cannot be named: raw paths never become labels. */
const UNKNOWN_MOUNT = '*';

/** What Express 4 and 5 have in common of a router's layer; neither publishes a type. */
interface Layer {
  readonly route?: object;
  readonly handle: { readonly stack?: readonly Layer[] };
  /** Set by Express 5.3 and later. */
  readonly rawPath?: unknown;
  /** Express 4 to 5.2 answer with a boolean and leave the match on the layer; later ones return it. */
  match(path: string): boolean | Match;
  readonly params?: Match['params'];
  readonly path?: string;
}

interface Match {
  readonly params: Readonly<Record<string, unknown>>;
  readonly path: string;
}

/** How a route is reached: the mounts above it, outermost first. */
type Mounts = readonly Layer[];

const mountsOf = new WeakMap<object, readonly Mounts[]>();
const patternOf = new WeakMap<object, string>();

/**
 * The pattern of the route that answered a request, with the patterns under which its routers are mounted;
 * `unmatched` where no route did.
 *
 * @example `/tenants/:tenant/credentials/:id` for `GET /tenants/acme/credentials/7`
 */
export function routePattern(app: Application, req: Request): string {
  const route: { path: unknown } | undefined = req.route;
  if (!route) return UNMATCHED;
  const cached = patternOf.get(route);
  if (cached !== undefined) return cached;

  let ways = mountsOf.get(route);
  if (!ways) {
    ways = [...waysTo(route, stackOf(app), [])];
    mountsOf.set(route, ways);
  }
  const path = pathOf(req.originalUrl);
  const prefix = ways.map((mounts) => mountPattern(mounts, path)).find((pattern) => pattern !== undefined);
  const pattern = join(prefix ?? UNKNOWN_MOUNT, String(route.path));
  // A router that is mounted twice has two patterns for one route, so each request is looked at.
  if (ways.length <= 1) patternOf.set(route, pattern);
  return pattern;
}

function stackOf(app: Application): readonly Layer[] {
  // `app.router` throws in Express 4, `_router` is absent in Express 5.
  const routers = app as unknown as { _router?: { stack?: Layer[] }; router?: { stack?: Layer[] } };
  return (routers._router ?? routers.router)?.stack ?? [];
}

function* waysTo(route: object, stack: readonly Layer[], above: Mounts): Generator<Mounts> {
  for (const layer of stack) {
    if (layer.route === route) yield above;
    else if (!layer.route && layer.handle.stack && !above.includes(layer))
      yield* waysTo(route, layer.handle.stack, [...above, layer]);
  }
}

/** `undefined` where these mounts do not lead to the path. */
function mountPattern(mounts: Mounts, path: string): string | undefined {
  let rest = path;
  let pattern = '';
  for (const layer of mounts) {
    const matched = layer.match(rest);
    if (!matched) return undefined;
    const { params = {}, path: taken = '' } = matched === true ? layer : matched;
    pattern = join(pattern, layer.rawPath instanceof RegExp ? UNKNOWN_MOUNT : withNames(taken, params));
    rest = rest.slice(taken.replace(/\/$/, '').length) || '/';
  }
  return pattern;
}

/** `/tenants/acme` with `{ tenant: 'acme' }` is `/tenants/:tenant`. */
function withNames(path: string, params: Match['params']): string {
  const segments = path.split('/');
  for (const [name, value] of Object.entries(params)) {
    const index = segments.findIndex((segment) => decoded(segment) === value);
    if (index === -1) return UNKNOWN_MOUNT;
    segments[index] = `:${name}`;
  }
  return segments.join('/');
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function join(prefix: string, path: string): string {
  const mount = prefix.replace(/\/$/, '');
  return path === '/' || path === '' ? mount || '/' : mount + path;
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
