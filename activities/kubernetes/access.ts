import { failure } from '../failure.ts';
import type { KubernetesClient } from './client.ts';
import { type Need, needsOf, resourceOf } from './needs.ts';
import type { WrittenPlace } from './permissions.ts';
import type { ResourceType } from './types.ts';

const SELF_ACCESS: ResourceType = {
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
};
const ACCESS: ResourceType = {
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
};
const SELF_RULES: ResourceType = {
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SelfSubjectRulesReview',
  plural: 'selfsubjectrulesreviews',
};

/** Somebody else than the client, of whom it asks; it must then be allowed to create SubjectAccessReviews. */
export interface Subject {
  readonly user: string;
  readonly groups: readonly string[];
}

/** @example `subjectOf('system:serviceaccount:shiplock:shiplock-release')` has the groups that the account has. */
export function subjectOf(user: string): Subject {
  const [, namespace] = /^system:serviceaccount:([^:]+):[^:]+$/.exec(user) ?? [];
  const accounts = namespace === undefined ? [] : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
  return { user, groups: [...accounts, 'system:authenticated'] };
}

/**
 * Which requests of a release to this place the API server would refuse; empty where it would refuse none. One question
 * answers for all that RBAC grants; only what its answer does not show is asked for by itself. Changes nothing.
 *
 * @throws as the client does, where the server does not answer
 * @example if ((await missingPermissions(clusters.client(place.cluster), place)).length > 0) refuse();
 */
export async function missingPermissions(
  client: KubernetesClient,
  place: WrittenPlace,
  subject?: Subject,
  needs = needsOf(place),
): Promise<readonly Need[]> {
  const unshown = subject ? needs : await notGranted(client, place.namespace, needs);
  const answers = await Promise.all(unshown.map((need) => allows(client, place.namespace, need, subject)));
  return unshown.filter((_, index) => !answers[index]);
}

/** @throws SHIPLOCK_KUBERNETES_FORBIDDEN (not retried) that names all that is missing; what is optional is not */
export async function requirePermissions(client: KubernetesClient, place: WrittenPlace): Promise<void> {
  await require(client, place, 'release', needsOf(place));
}

/** The same of a restart. */
export async function requireRestart(client: KubernetesClient, place: WrittenPlace): Promise<void> {
  await require(client, place, 'restart', needsOf(place, ['restart']));
}

async function require(client: KubernetesClient, place: WrittenPlace, what: string, needs: readonly Need[]) {
  const missing = (await missingPermissions(client, place, undefined, needs)).filter(({ optional }) => !optional);
  if (missing.length === 0) return;
  throw failure(
    {
      code: 'SHIPLOCK_KUBERNETES_FORBIDDEN',
      message: `the worker may not do in namespace ${place.namespace} of cluster ${place.cluster} what this ${what} needs: ${listed(missing)}`,
      mend: '`shiplock doctor --release FILE` has the commands that grant it',
    },
    { retry: 'never' },
  );
}

/** `get, patch virtualservices.networking.istio.io shop; list pods` */
export function listed(needs: readonly Need[]): string {
  const verbs = new Map<string, string[]>();
  for (const need of needs) {
    const what = `${resourceOf(need)}${need.name === undefined ? '' : ` ${need.name}`}`;
    verbs.set(what, [...(verbs.get(what) ?? []), need.verb]);
  }
  return [...verbs].map(([what, of]) => `${of.join(', ')} ${what}`).join('; ');
}

interface ResourceRule {
  readonly verbs?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** What authorizers other than RBAC grant need not be in the answer, but what is in it is granted. */
async function notGranted(
  client: KubernetesClient,
  namespace: string,
  needs: readonly Need[],
): Promise<readonly Need[]> {
  const body = { apiVersion: SELF_RULES.apiVersion, kind: SELF_RULES.kind, spec: { namespace } };
  const answer = await client.post<{ status?: { resourceRules?: readonly ResourceRule[] } }>(SELF_RULES, {}, body);
  const rules = answer.status?.resourceRules ?? [];
  return needs.filter((need) => !rules.some((rule) => grants(rule, need)));
}

/** As RBAC reads a rule (kubernetes `pkg/apis/rbac/v1/evaluation_helpers.go`). */
export function grants(rule: ResourceRule, { verb, group, resource, name }: Need): boolean {
  const [, subresource] = resource.split('/');
  const wanted = [resource, '*', ...(subresource === undefined ? [] : [`*/${subresource}`])];
  const named = rule.resourceNames ?? [];
  return (
    has(rule.verbs, [verb, '*']) &&
    has(rule.apiGroups, [group, '*']) &&
    has(rule.resources, wanted) &&
    (named.length === 0 || (name !== undefined && named.includes(name)))
  );
}

const has = (list: readonly string[] = [], wanted: readonly string[]): boolean =>
  wanted.some((one) => list.includes(one));

/** Whether the API server would let whoever asks, or the subject, make one request. */
export async function allows(
  client: KubernetesClient,
  namespace: string,
  { verb, group, resource: both, name }: Pick<Need, 'verb' | 'group' | 'resource' | 'name'>,
  subject?: Subject,
): Promise<boolean> {
  const [resource, subresource] = both.split('/');
  const resourceAttributes = { namespace, verb, group, resource, subresource, name };
  const type = subject ? ACCESS : SELF_ACCESS;
  const body = { apiVersion: type.apiVersion, kind: type.kind, spec: { resourceAttributes, ...subject } };
  return (await client.post<{ status?: { allowed?: boolean } }>(type, {}, body)).status?.allowed === true;
}
