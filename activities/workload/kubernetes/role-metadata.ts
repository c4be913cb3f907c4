/** What pods carry for as long as they have a role. Pure: table-tested. */
import type { MetadataPlan } from '../../../src/plan/target.ts';
import { type JsonPatchOperation, pointerSegment, ROLE_LABEL } from '../../kubernetes/index.ts';

/** `null`: neither, for example the old side after a promotion. */
export type Role = 'stable' | 'canary' | null;

/** The target's `roleMetadata` (JSON) is kept beside the template, since a change of roles knows only the place. */
export const META_ANNOTATION = 'shiplock.dev/role-metadata';

export interface RoleMetadata {
  readonly canary?: MetadataPlan;
  readonly stable?: MetadataPlan;
  /** What the template carries without any role. */
  readonly base: MetadataPlan;
}

/** Labels and annotations in a role: the template's own, over them those of the role. */
export function withRole(metadata: MetadataPlan, planned: RoleMetadata, role: Role): MetadataPlan {
  const extra = role ? planned[role] : undefined;
  return {
    labels: { ...metadata.labels, ...extra?.labels, ...(role && { [ROLE_LABEL]: role }) },
    annotations: { ...metadata.annotations, ...extra?.annotations },
  };
}

/** What of a template a role may cover, so that it comes back with the end of the role. */
export function onlyWhatRolesSet(template: MetadataPlan, { canary, stable }: Omit<RoleMetadata, 'base'>): MetadataPlan {
  const keep = (field: 'labels' | 'annotations') => {
    const set = { ...canary?.[field], ...stable?.[field] };
    return Object.fromEntries(Object.entries(template[field]).filter(([key]) => Object.hasOwn(set, key)));
  };
  return { labels: keep('labels'), annotations: keep('annotations') };
}

/** @returns `undefined` where the annotation is not there, or none of ours */
export function roleMetadataOf(annotations: Readonly<Record<string, string>> | undefined): RoleMetadata | undefined {
  const text = annotations?.[META_ANNOTATION];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as RoleMetadata;
  } catch {
    return undefined;
  }
}

interface Carried {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * What gives a pod, or a template, the labels and annotations of a role and takes those of the other one; others, also
 * somebody else's, stay. Empty where it has them.
 *
 * @param path JSON Pointer of the metadata: `/metadata` or `/spec/template/metadata`
 */
export function toRole(
  current: Carried,
  planned: RoleMetadata | undefined,
  role: Role,
  path: string,
): readonly JsonPatchOperation[] {
  const base = planned?.base;
  return [
    ...changes(current.labels, wanted('labels', base, planned, role), `${path}/labels`),
    ...changes(current.annotations, wanted('annotations', base, planned, role), `${path}/annotations`),
  ];
}

/** Each key that a role may have set, with its value now; `undefined`: it goes. */
function wanted(
  field: 'labels' | 'annotations',
  base: MetadataPlan | undefined,
  planned: RoleMetadata | undefined,
  role: Role,
): ReadonlyMap<string, string | undefined> {
  const values = new Map<string, string | undefined>();
  for (const each of [planned?.canary, planned?.stable])
    for (const key of Object.keys(each?.[field] ?? {})) values.set(key, base?.[field][key]);
  for (const [key, value] of Object.entries((role && planned?.[role]?.[field]) || {})) values.set(key, value);
  if (field === 'labels') values.set(ROLE_LABEL, role ?? undefined);
  return values;
}

function changes(
  current: Readonly<Record<string, string>> | undefined,
  values: ReadonlyMap<string, string | undefined>,
  path: string,
): readonly JsonPatchOperation[] {
  const set = [...values].filter(([key, value]) => value !== undefined && current?.[key] !== value);
  const gone = [...values].filter(([key, value]) => value === undefined && current?.[key] !== undefined);
  if (!current) return set.length === 0 ? [] : [{ op: 'add', path, value: Object.fromEntries(set) }];
  return [
    ...set.map(([key, value]) => ({ op: 'add', path: `${path}/${pointerSegment(key)}`, value }) as const),
    ...gone.map(([key]) => ({ op: 'remove', path: `${path}/${pointerSegment(key)}` }) as const),
  ];
}
