import { type Feature, featuresOf, PERMISSIONS, type Permission, type Verb, type WrittenPlace } from './permissions.ts';

/** One request that a release makes, as RBAC judges it. */
export interface Need {
  readonly feature: Feature;
  readonly verb: Verb;
  readonly group: string;
  /** In the plural, with the subresource behind a slash. */
  readonly resource: string;
  /** Absent: any of the namespace. */
  readonly name?: string;
  readonly why: string;
  /** Who lacks it does without. */
  readonly optional: boolean;
}

/**
 * What a release to this place asks of the API server, or whatever else uses these features. Where the place names the objects, those alone: a
 * Role with `resourceNames` is enough.
 */
export function needsOf(place: WrittenPlace, features = featuresOf(place)): readonly Need[] {
  const names = namesOf(place);
  const all = features.flatMap((feature) =>
    PERMISSIONS[feature].flatMap((permission) => each(feature, permission, names[permission.resource])),
  );
  // What two features ask for is the first one's.
  return [...new Map(all.toReversed().map((need) => [keyOf(need), need])).values()].toReversed();
}

function each(feature: Feature, permission: Permission, names: readonly string[] | undefined): readonly Need[] {
  const { group, resource, verbs, why } = permission;
  // What the place names is there.
  const optional = permission.optional === true && names === undefined;
  return verbs.flatMap((verb) => {
    const need = { feature, verb, group, resource, why, optional };
    if (names === undefined || verb === 'list' || verb === 'create') return [need];
    return names.map((name) => ({ ...need, name }));
  });
}

/** By resource; a resource that is not here has objects whose names only the release itself makes. */
function namesOf(place: WrittenPlace): Readonly<Record<string, readonly string[]>> {
  if (place.platform === 'argo') {
    const { rollout, workload } = place;
    return {
      rollouts: [rollout],
      'rollouts/status': [rollout],
      deployments: workload === undefined ? [] : [workload],
    };
  }
  const { stableService, canaryService, adopts, traffic } = place;
  const routes = (kind: 'HTTPRoute' | 'GRPCRoute') =>
    traffic.kind === 'gateway' ? traffic.routes.filter((route) => route.kind === kind).map(({ name }) => name) : [];
  return {
    services: [...new Set([stableService, canaryService])],
    deployments: adopts ? [adopts.name] : [],
    virtualservices: traffic.kind === 'istio' ? traffic.virtualServices.map(({ name }) => name) : [],
    destinationrules: traffic.kind === 'istio' && traffic.destinationRule ? [traffic.destinationRule.name] : [],
    httproutes: routes('HTTPRoute'),
    grpcroutes: routes('GRPCRoute'),
  };
}

const keyOf = ({ verb, group, resource, name = '' }: Need): string => `${verb} ${group}/${resource} ${name}`;

/** As kubectl writes it: `virtualservices.networking.istio.io`, `rollouts.argoproj.io/status`. */
export function resourceOf({ group, resource }: Pick<Need, 'group' | 'resource'>): string {
  const [plural = '', subresource] = resource.split('/');
  return `${plural}${group && `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`;
}
