import { failure } from '../activities/failure.ts';
import type { Target, Whereabouts } from '../src/plan/target.ts';

type Adapters<Port> = { readonly local: Port } & Partial<Record<Exclude<Target['platform'], 'local'>, Port>>;
type Methods = Record<string, (request: Whereabouts) => Promise<unknown>>;

/**
 * One port of several platforms: each request goes to the adapter of its place. Without a place it is the embedded one.
 *
 * @example byPlatform<TrafficActivities>({ local: localTraffic({ client }), kubernetes: kubernetesTraffic({ clusters }) })
 */
export function byPlatform<Port extends object>(adapters: Adapters<Port>): Port {
  const all = adapters as unknown as Partial<Record<Target['platform'], Methods>>;
  const chosen: Methods = {};
  for (const name of Object.keys(adapters.local)) {
    chosen[name] = async (request) => {
      const platform = request.place?.platform ?? 'local';
      const method = all[platform]?.[name];
      if (!method) throw unsupported(name, platform);
      return method(request);
    };
  }
  return chosen as Port;
}

/** A plan never asks for it. */
export function unsupported(what: string, platform: string): Error {
  const message = `this worker cannot do ${what} on platform ${platform}`;
  return failure({ code: 'SHIPLOCK_PLATFORM_UNSUPPORTED', message }, { retry: 'never' });
}
