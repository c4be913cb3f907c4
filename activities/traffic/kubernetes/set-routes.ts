import { failure } from '../../failure.ts';
import { type KubernetesObject, listRevisions } from '../../kubernetes/index.ts';
import type { ManagedRoute } from '../port.ts';
import { awaitCarrying, notReady } from './carrying.ts';
import type { Session } from './session.ts';
import { revisionNamed } from './set-weights.ts';
import { chooses, keyOf, type RouterView, sameKey, viewTraffic } from './view.ts';
import { confirm, holdSides, point } from './writes.ts';

/**
 * Header and mirror routes: these, and no others of the plan's. The canary shows a ready pod before any of them leads to
 * it.
 *
 * @throws SHIPLOCK_KUBERNETES_ROUTE (not retried), also where the cluster's CRD drops what was written
 */
export async function setRoutes(session: Session, routes: readonly ManagedRoute[]): Promise<void> {
  const { client, place, service, writer } = session;
  if (place.traffic.kind === 'replicas') {
    if (routes.length === 0) return;
    throw failure(
      {
        code: 'SHIPLOCK_KUBERNETES_REQUEST',
        message: `${service} has no router, so no header or mirror routes`,
      },
      { retry: 'never' },
    );
  }
  const lease = await writer.raise();
  const revisions = await listRevisions(client, place, service);
  const view = await viewTraffic(client, place, service, revisions);
  if (routes.length > 0) {
    if (lease.canary === null) throw notReady(`${service} has no canary to send requests to`);
    const canary = revisionNamed(revisions, lease.canary);
    await holdSides(session, view, { canary: canary.key });
    if (!chooses(view.sides.canary, canary.key)) {
      if (!sameKey(keyOf(view.sides.canary), canary.key) && view.shares.canary.some((share) => share !== 0))
        throw notReady(`${view.roles.canaryService} serves another version than ${lease.canary}`);
      await point(session, view, 'canary', canary.key);
    }
    const why = await awaitCarrying(session, view.sides.canary, canary, 1);
    if (why !== '') throw notReady(why);
  }
  const written = await Promise.all(view.routers.map((one) => writeRoutes(session, one, routes)));
  await confirm(session, written, view.routers);
}

async function writeRoutes(
  { writer }: Session,
  { router, object }: RouterView,
  routes: readonly ManagedRoute[],
): Promise<RouterView> {
  const { reference } = router;
  let added: readonly string[] = [];
  const now = await writer.patch(
    reference,
    (current: KubernetesObject) => {
      const operations = router.managed(current, routes);
      added = operations.flatMap(({ op, path }) => (op === 'add' ? [path] : []));
      return operations;
    },
    object,
  );
  if (router.managed(now, routes).length === 0) return { router, object: now, splits: router.splits(now) };
  // A schema without these fields drops them in silence: a mirror without its percentage would take everything, and a
  // rule without its name would not be found again. So they go, where nobody has written since.
  await writer.patch(reference, (current: KubernetesObject) =>
    current.metadata.resourceVersion === now.metadata.resourceVersion
      ? added.toReversed().map((path) => ({ op: 'remove', path }) as const)
      : [],
  );
  throw failure(
    {
      code: 'SHIPLOCK_KUBERNETES_ROUTE',
      message: `${reference.type.kind} ${reference.name} does not keep header and mirror routes: its CustomResourceDefinition lacks a field`,
      mend: 'install newer definitions (names of rules and mirrored percentages are in Gateway API 1.4)',
    },
    { retry: 'never' },
  );
}
