/** Routes that the engine makes itself, before those of the team: which requests they take. Argo's fields. */

/** Without any field it takes all. */
export interface RequestMatch {
  readonly method?: StringMatch;
  readonly path?: StringMatch;
  readonly headers?: Readonly<Record<string, StringMatch>>;
}

/** `regex` is RE2, of the whole text. */
export type StringMatch =
  | { readonly kind: 'exact'; readonly value: string }
  | { readonly kind: 'prefix'; readonly value: string }
  | { readonly kind: 'regex'; readonly value: string };
