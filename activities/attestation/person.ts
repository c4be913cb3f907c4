import type { TrustLevel } from '../../src/plan/plan.ts';

/** The server's own word for whoever called it (`HistoryEvent.principal`, server 1.31 and later). */
export interface ServerPrincipal {
  readonly type?: string | null;
  readonly name?: string | null;
}

export interface Person {
  readonly identity: string;
  readonly principal: string | null;
  readonly level: TrustLevel;
}

/**
 * How far a person is proven: by the server, by their own claim, or not at all. The server's principal for its own
 * services (`temporal`, `internal`) is nobody.
 *
 * @example personOf({ identity: 'bob', principal: { type: 'jwt', name: 'alice@example.com' } })
 * // { identity: 'bob', principal: 'jwt:alice@example.com', level: 'principal' }
 */
export function personOf(claimed: {
  readonly identity?: string | null;
  readonly principal?: ServerPrincipal | null;
}): Person {
  const identity = claimed.identity ?? '';
  const { type, name } = claimed.principal ?? {};
  if (name && type !== 'temporal') return { identity, principal: `${type}:${name}`, level: 'principal' };
  return { identity, principal: null, level: identity === '' ? 'anonymous' : 'identity' };
}
