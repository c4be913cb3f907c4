/** Argo's `setHeaderRoute` and `setMirrorRoute` (argo-rollouts `types.go`, `validation.go`). */
import { z } from 'zod';
import { MAX_MATCHES } from '../limits.ts';
import type { RequestMatch, StringMatch } from '../routes.ts';
import { rule, text } from '../shape/fields.ts';
import { HEADER_FIELD } from '../shape/names.ts';

const KINDS = ['exact', 'prefix', 'regex'] as const;
const matchText = () => z.string().max(1_024).nullish();

/** An empty text is as good as none, to Argo too. */
const given = (match: z.output<typeof fields>): StringMatch[] =>
  KINDS.flatMap((kind) => (match[kind] ? [{ kind, value: match[kind] }] : []));

const fields = z.strictObject({ exact: matchText(), prefix: matchText(), regex: matchText() });
const stringMatch = fields.check(
  rule(
    (match) => given(match ?? {}).length === 1,
    'SHIPLOCK_PLAN_CHOICE',
    (match) => {
      const kinds = given(match ?? {}).map(({ kind }) => kind);
      return `has ${kinds.join(' and ') || 'no value'}; expected exactly one of ${KINDS.join(', ')}`;
    },
  ),
);
const headerName = () => z.string().regex(HEADER_FIELD, 'the name of a header');

export const headerRouteSchema = z.strictObject({
  name: text(),
  match: z
    .array(z.strictObject({ headerName: headerName(), headerValue: stringMatch }))
    .max(MAX_MATCHES)
    .nullish(),
});

export const mirrorRouteSchema = z.strictObject({
  name: text(),
  percentage: z.int().min(0).max(100).nullish(),
  match: z
    .array(
      z.strictObject({
        method: stringMatch.nullish(),
        path: stringMatch.nullish(),
        headers: z.record(headerName(), stringMatch).nullish(),
      }),
    )
    .max(MAX_MATCHES)
    .nullish(),
});

/** Each header by itself takes a request (argo-rollouts `istio.go`, `createHeaderRoute`). */
export function headerMatches({ match }: z.output<typeof headerRouteSchema>): RequestMatch[] {
  return (match ?? []).map(({ headerName: name, headerValue }) => ({ headers: { [name]: only(headerValue) } }));
}

/** Any of the list takes a request, all that stands in one of them (`createMirrorRoute`). */
export function mirrorMatches({ match }: z.output<typeof mirrorRouteSchema>): RequestMatch[] {
  return (match ?? []).map(({ method, path, headers }) => ({
    ...(method != null && { method: only(method) }),
    ...(path != null && { path: only(path) }),
    ...(headers != null && {
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, only(value)])),
    }),
  }));
}

/** The schema lets exactly one through. */
const only = (match: z.output<typeof fields>): StringMatch => given(match)[0] as StringMatch;
