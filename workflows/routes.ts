/** Header and mirror routes beside the weights, for as long as the ramp lasts. */
import type { ManagedRoute } from '../activities/traffic/port.ts';
import type { SetHeaderRouteStep, SetMirrorRouteStep } from '../src/plan/plan.ts';
import { whereabouts } from '../src/plan/target.ts';
import { routedStepText } from '../src/rollout/routed-step.ts';
import { forward, undo } from './activities.ts';
import type { Release } from './control.ts';
import { keyOf } from './steps.ts';

/** Sets, changes or (without matches) removes one route; the others stay. */
export async function setRoute(
  release: Release,
  name: string,
  planned: SetHeaderRouteStep | SetMirrorRouteStep,
): Promise<string> {
  const { state } = release;
  const others = (state.routes ?? []).filter((route) => route.name !== planned.name);
  const routes = planned.matches.length === 0 ? others : [...others, routeOf(planned)];
  if (!state.undo.some(({ kind }) => kind === 'removeRoutes')) state.undo.push({ kind: 'removeRoutes' });
  await forward(routedStepText(planned)).setRoutes(requestOf(release, routes, name));
  state.routes = routes;
  return routes.length === 0 ? 'no route is left' : `routes: ${routes.map((route) => route.name).join(', ')}`;
}

/** With all traffic nothing is to be told apart any more. */
export async function removeRoutes(release: Release, name: string): Promise<void> {
  await forward('no header or mirror routes').setRoutes(requestOf(release, [], name));
  release.state.routes = [];
}

export async function undoRoutes(release: Release, title: string): Promise<void> {
  await undo(title).setRoutes(requestOf(release, [], 'restore-routes'));
  release.state.routes = [];
}

export function hasRoutes({ state }: Release): boolean {
  return (state.routes ?? []).length > 0;
}

function requestOf(release: Release, routes: readonly ManagedRoute[], name: string) {
  return { ...whereabouts(release.plan), routes, fence: release.state.fence, key: keyOf(release, `${name}/routes`) };
}

function routeOf(planned: SetHeaderRouteStep | SetMirrorRouteStep): ManagedRoute {
  const { name, matches } = planned;
  if (planned.kind === 'setHeaderRoute') return { kind: 'header', name, matches };
  return { kind: 'mirror', name, matches, percentage: planned.percentage };
}
