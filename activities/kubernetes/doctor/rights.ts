import { listed, missingPermissions, type Subject } from '../access.ts';
import type { KubernetesClient } from '../client.ts';
import { type Need, needsOf, resourceOf } from '../needs.ts';
import type { WrittenPlace } from '../permissions.ts';
import { type Look, lacking, lookAt, there, wrong } from './look.ts';
import { whoIs } from './who.ts';

/** Whether whoever asks, or the subject, may do what the release asks of the API server; each resource by itself. */
export function lookAtRights(
  client: KubernetesClient,
  place: WrittenPlace,
  subject: Subject | undefined,
): Promise<readonly Look[]> {
  return lookAt('rights', async () => {
    const user = subject?.user ?? (await whoIs(client));
    const needs = needsOf(place);
    const missing = await missingPermissions(client, place, subject, [...needs, ...restartNeeds(place)]);
    const ofRelease = missing.filter(({ feature }) => feature !== 'restart');
    const all = there('rights', `${user} may do all ${needs.length} things that it needs`);
    const byResource = Map.groupBy(missing, resourceOf);
    const looks = [...byResource].map(([resource, of]) => lookOf(resource, of, place, user));
    return ofRelease.length === 0 ? [all, ...looks] : looks;
  });
}

/** What `shiplock restart` needs besides; a release goes without. */
function restartNeeds(place: WrittenPlace): readonly Need[] {
  // A Rollout's pods are evicted by its controller.
  if (place.platform !== 'kubernetes') return [];
  return needsOf(place, ['restart'])
    .filter(({ resource }) => resource === 'pods/eviction')
    .map((need) => ({ ...need, optional: true }));
}

function lookOf(resource: string, missing: readonly Need[], { namespace }: WrittenPlace, user: string): Look {
  const [{ why, optional, feature }] = missing as [Need];
  const because = `${user} may not ${listed(missing)} in namespace ${namespace}: ${why} (feature ${feature} of the chart)`;
  const mend = grantOf(resource, missing, namespace, user);
  return optional ? lacking('rights', because, mend) : wrong('rights', because, mend);
}

/** A role of its own beside those that are there, which the chart may own. */
function grantOf(resource: string, missing: readonly Need[], namespace: string, user: string): string {
  const verbs = [...new Set(missing.map(({ verb }) => verb))];
  const role = `shiplock-${resource.replaceAll(/[./]/g, '-')}-${verbs.join('-')}`;
  const [, space, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user) ?? [];
  const whom = space === undefined ? `--user='${user}'` : `--serviceaccount=${space}:${account}`;
  const make = `kubectl -n ${namespace} create`;
  return `${make} role ${role} --verb=${verbs.join(',')} --resource=${resource} && ${make} rolebinding ${role} --role=${role} ${whom}`;
}
