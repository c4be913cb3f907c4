import { verify } from '@octokit/webhooks-methods';
import type { Trigger } from '../configuration.ts';

/**
 * The triggers whose secret signed these very bytes (`X-Hub-Signature-256`), compared in constant time. A secret
 * speaks for its own triggers only: who knows that of one repository starts nothing of another.
 */
export async function vouchedFor(
  triggers: readonly Trigger[],
  body: Buffer,
  signature: string | undefined,
): Promise<Trigger[]> {
  const text = textOf(body);
  if (!signature || !text || !/^sha256=[0-9a-f]{64}$/.test(signature)) return [];
  const secrets = [...new Set(triggers.flatMap((trigger) => trigger.secrets))];
  const valid = new Set<string>();
  for (const secret of secrets) if (await verify(secret, text, signature)) valid.add(secret);
  return triggers.filter(({ secrets }) => secrets.some((secret) => valid.has(secret)));
}

/** GitHub sends UTF-8; anything else would be verified as other bytes than came. */
function textOf(body: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return null;
  }
}
