import { failure } from '../../failure.ts';
import { FIELD_MANAGER, fenceOf, type KubernetesObject } from '../../kubernetes/index.ts';
import type { RevisionKey } from './chosen.ts';
import { type Marks, markOf } from './marks.ts';
import { type Split, shareOf } from './split.ts';
import { placeOf } from './spot.ts';

/** Numbers of one release are of one thousand. */
const FENCE_STRIDE = 1000;

/**
 * Somebody else gave a route another share since this release wrote it; `''`: not so. What an earlier release wrote is
 * no drift: what is there when a release begins is what it begins with.
 *
 * @param wanted what is about to be written: who did that already does no harm
 */
export function weightDrift(
  object: KubernetesObject,
  splits: readonly Split[],
  { marks, fence, wanted }: { readonly marks: Marks; readonly fence: number; readonly wanted: number },
): string {
  const written = markOf(object, marks.weight);
  if (written === undefined || !isOfThisRelease(object, marks, fence)) return '';
  const moved = splits.find((split) => {
    const share = shareOf(split);
    return share !== Number(written) && share !== wanted;
  });
  if (!moved) return '';
  const share = shareOf(moved);
  const now = share === null ? 'has no weights' : `gives the canary ${Math.round(share * 100) / 100} %`;
  return `${placeOf(moved.route)} ${now}, where this release wrote ${written} %${writerOf(object)}`;
}

/** The same of what a side chooses. */
export function sideDrift(
  object: KubernetesObject,
  { what, chosen, mark }: { readonly what: string; readonly chosen: RevisionKey | null; readonly mark: string },
  { marks, fence, wanted }: { readonly marks: Marks; readonly fence: number; readonly wanted: RevisionKey | null },
): string {
  const written = markOf(object, mark);
  if (written === undefined || !isOfThisRelease(object, marks, fence)) return '';
  const now = shownKey(chosen);
  if (now === written || (wanted !== null && now === shownKey(wanted))) return '';
  return `${what} chooses ${now || 'pods of all revisions'}, where this release wrote ${written}${writerOf(object)}`;
}

/** @example shownKey({ label: 'pod-template-hash', value: '7d4b' }) // 'pod-template-hash=7d4b' */
export function shownKey(key: RevisionKey | null): string {
  return key ? `${key.label}=${key.value}` : '';
}

/** What was written by `shownKey`. */
export function keyFrom(shown: string): RevisionKey | null {
  const at = shown.indexOf('=');
  return at > 0 ? { label: shown.slice(0, at), value: shown.slice(at + 1) } : null;
}

export function drifted(because: string): Error {
  return failure(
    {
      code: 'SHIPLOCK_KUBERNETES_DRIFT',
      message: because,
      mend: 'put it back, or abort the release, which puts it back',
    },
    { retry: 'later' },
  );
}

export function isOfThisRelease(object: KubernetesObject, { fence: mark }: Marks, fence: number): boolean {
  return Math.floor(fenceOf(object, mark) / FENCE_STRIDE) === Math.floor(fence / FENCE_STRIDE);
}

/** Who wrote last besides us, as the API server remembers it: to the second, so that it may be several. */
function writerOf({ metadata }: KubernetesObject): string {
  const others = (metadata.managedFields ?? []).filter(
    ({ manager, subresource }) => manager !== FIELD_MANAGER && subresource !== 'status',
  );
  const last = others
    .map(({ time = '' }) => time)
    .toSorted()
    .at(-1);
  const names = new Set(others.filter(({ time = '' }) => time === last).map(({ manager = 'somebody' }) => manager));
  return last === undefined ? '' : ` (others who wrote it: ${[...names].join(', ')} at ${last})`;
}
