import { type Api, type Following, followObject } from '../client/index.ts';
import type { Place } from './traefik.ts';

/** What of a VirtualService decides where requests go. */
export interface SplitRoutes {
  readonly spec: {
    readonly http: readonly {
      readonly route: readonly { readonly destination: { readonly host: string }; readonly weight?: number }[];
    }[];
  };
}

export const VIRTUAL_SERVICE = 'networking.istio.io/v1';
const HTTP_ROUTE = 'gateway.networking.k8s.io/v1';
const PORT = 80;

/**
 * Stands for a mesh in front of a namespace: what istiod tells its sidecars of a VirtualService is written into an
 * HTTPRoute, which a real router follows. HTTP routes to Services of the namespace by their weights; matches, rewrites
 * and subsets are not read.
 *
 * @param gateway the HTTPRoute's parent
 */
export async function followVirtualService(
  place: Pick<Place, 'objects'> & { readonly api: Api },
  { name, gateway }: { readonly name: string; readonly gateway: string },
): Promise<{ stop(): Promise<void> }> {
  let latest: SplitRoutes | null = null;
  let writing = Promise.resolve();
  const write = async () => {
    const route = latest;
    latest = null;
    if (route === null) return;
    const rules = route.spec.http.map(({ route: destinations }) => ({
      backendRefs: destinations.map(({ destination, weight = 0 }) => ({ name: destination.host, port: PORT, weight })),
    }));
    const spec = { parentRefs: [{ name: gateway }], rules };
    await place.objects.apply({ apiVersion: HTTP_ROUTE, kind: 'HTTPRoute', metadata: { name }, spec }, 'mesh');
  };
  const following: Following = await followObject<SplitRoutes>(
    place,
    [VIRTUAL_SERVICE, 'VirtualService', name],
    (object) => {
      latest = object;
      writing = writing.then(write);
    },
  );
  await writing;
  return {
    async stop() {
      following.stop();
      await writing.catch(() => undefined);
    },
  };
}
