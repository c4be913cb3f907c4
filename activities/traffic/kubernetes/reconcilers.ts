/** Tools that put their own back again and again, and fields of which they and a release both have a say. */
import type { KubernetesObject, ManagedFields } from '../../kubernetes/index.ts';

/**
 * By the names under which they write. Flux's documentation has its annotation (`kustomize.toolkit.fluxcd.io/ssa`), Argo
 * CD's `ignoreDifferences` and the option that lets a sync respect it.
 */
const RECONCILERS: Readonly<Record<string, { readonly tool: string; readonly mend: string }>> = {
  'kustomize-controller': {
    tool: 'Flux',
    mend: 'annotate it with kustomize.toolkit.fluxcd.io/ssa: IfNotPresent in its repository',
  },
  'helm-controller': {
    tool: 'Flux',
    mend: 'leave it out of what the HelmRelease corrects (spec.driftDetection.ignore), or out of the chart',
  },
  'argocd-controller': {
    tool: 'Argo CD',
    mend: 'in its Application: ignoreDifferences with managedFieldsManagers: [shiplock], and the sync option RespectIgnoreDifferences=true',
  },
};

const FLUX_POLICY = 'kustomize.toolkit.fluxcd.io/ssa';
const LEAVES_ALONE = new Set(['ifnotpresent', 'ignore']);

export interface Reconciler {
  readonly tool: string;
  /** As managed fields name it. */
  readonly manager: string;
  /** One of those asked for. */
  readonly field: string;
  /** How it is told to leave that field to releases. */
  readonly mend: string;
}

/**
 * Who else applies one of these fields of `spec`, and will do so again. All of them are taken as one by the API server
 * (a Service's selector is an atomic map, routes are atomic lists), so whoever applies them server-side puts back
 * the whole of it. Argo CD's client-side way merges a selector by keys, which leaves ours alone, but replaces lists.
 *
 * @example reconcilersOf(virtualService, ['http', 'tls', 'tcp'])
 */
export function reconcilersOf({ metadata }: KubernetesObject, fields: readonly string[]): readonly Reconciler[] {
  const leavesAlone = LEAVES_ALONE.has(metadata.annotations?.[FLUX_POLICY]?.toLowerCase() ?? '');
  return (metadata.managedFields ?? []).flatMap((managed) => {
    const { manager = '', operation, subresource } = managed;
    const known = RECONCILERS[manager];
    if (!known || subresource || (known.tool === 'Flux' && leavesAlone)) return [];
    const field = fields.find((name) => has(managed, name));
    if (field === undefined || (operation !== 'Apply' && !isList(field))) return [];
    return [{ ...known, manager, field: `spec.${field}` }];
  });
}

function has({ fieldsV1 }: ManagedFields, field: string): boolean {
  const spec = fieldsV1?.['f:spec'];
  return typeof spec === 'object' && spec !== null && Object.hasOwn(spec, `f:${field}`);
}

function isList(field: string): boolean {
  return field !== 'selector';
}
