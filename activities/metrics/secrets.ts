import type { Provider } from '../../src/plan/plan.ts';
import { addressOf, fillSecrets, secretsOf, withAuth } from '../../src/plan/provider.ts';

/** What a secret is, for one address; or why it is not sent there. */
export type SecretValue = { readonly value: string } | { readonly because: string };

/** Whom a secret is for. */
export interface SecretUse {
  /** `NAME/KEY`. */
  readonly secret: string;
  /** Where it would be sent, after the policy's mapping. */
  readonly address: string;
  /** Nobody verifies who answers there. */
  readonly insecure: boolean;
}

export type Filled<P extends Provider> =
  | { readonly provider: P; readonly secrets: readonly string[] }
  | { readonly because: string };

/**
 * The provider with its secrets filled in, as it is asked and never recorded. `because`: one of them is not for that
 * address, or is not there; nothing is sent then.
 */
export function fillProvider<P extends Provider>(provider: P, secretOf: (use: SecretUse) => SecretValue): Filled<P> {
  const address = addressOf(provider) ?? '';
  const insecure = 'insecure' in provider && provider.insecure === true;
  const values = new Map<string, string>();
  for (const secret of secretsOf(provider)) {
    const found = secretOf({ secret, address, insecure });
    if ('because' in found) return found;
    values.set(secret, found.value);
  }
  const filled = withAuth(provider, (text) => fillSecrets(text, (secret) => values.get(secret) ?? ''));
  return { provider: filled, secrets: [...values.values()] };
}
