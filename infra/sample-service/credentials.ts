/** A claim about the provenance of an asset, as issued by its publisher. */
export interface Credential {
  readonly id: string;
  readonly asset: string;
  readonly issuer: string;
  readonly issuedAt: string;
}

export interface CredentialStore {
  list(): readonly Credential[];
  find(id: string): Credential | undefined;
  issue(asset: string, issuer: string): Credential;
}

/** Keeps the newest credentials in memory. */
export function credentialStore(options: { readonly atMost: number; readonly now: () => Date }): CredentialStore {
  const kept = new Map<string, Credential>();
  let issued = 0;

  function issue(asset: string, issuer: string): Credential {
    issued += 1;
    const credential = { id: String(issued), asset, issuer, issuedAt: options.now().toISOString() };
    kept.set(credential.id, credential);
    const oldest = kept.keys().next().value;
    if (kept.size > options.atMost && oldest !== undefined) kept.delete(oldest);
    return credential;
  }

  return { issue, find: (id) => kept.get(id), list: () => [...kept.values()] };
}
