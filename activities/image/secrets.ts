import { failure } from '../failure.ts';

/** What a registry lets somebody in for. Secret: it stays inside the activity. */
export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** What an OAuth2 token server takes instead, a refresh token. */
  | { readonly kind: 'identity'; readonly token: string };

/** The credentials that the worker has for a registry (`docker.io`, `registry.example:5000`), if any. */
export type CredentialsOf = (registry: string) => Promise<Credentials | null>;

export function unusable(message: string, mend: string) {
  return failure({ code: 'SHIPLOCK_REGISTRY_CREDENTIALS', message, mend }, { retry: 'never' });
}

/** As `Authorization` carries them (RFC 7617). */
export function basic({ username, password }: Extract<Credentials, { kind: 'password' }>): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
