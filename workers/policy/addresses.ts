import { z } from 'zod';
import type { Provider } from '../../src/plan/plan.ts';
import { addressOf, withAddress } from '../../src/plan/provider.ts';
import type { Policy } from './contents.ts';
import { matchesName } from './patterns.ts';

/** An address, or one for each environment (or pattern): the first that fits. */
export type Mapped = string | Readonly<Record<string, string>>;

const name = z.string().min(1).max(1000);
const address = z.url({ protocol: /^https?$/, error: 'expected an http(s) address' });
const mapped = <T extends z.ZodType<string>>(target: T) => z.union([target, z.record(name, target)]);

export const prometheusSchema = z.record(
  z.union([z.literal('*'), address]),
  mapped(z.union([z.literal('embedded'), address])),
);

/** By origin: `https://api.datadoghq.com`. What follows it in a plan's address is kept. */
export const addressesSchema = z.record(
  address
    .transform((text) => text.replace(/\/$/, ''))
    .refine((text) => URL.parse(text)?.origin === text, 'expected no path: https://api.datadoghq.com'),
  mapped(address),
);

/** Where a provider is asked: at an address, at the embedded Prometheus, or nowhere that the policy maps (`null`). */
export function mappedAddress(
  provider: Provider,
  policy: Pick<Policy, 'prometheus' | 'addresses'> | null,
  environment: string | undefined,
): string | null {
  const asked = addressOf(provider);
  if (asked === null || policy === null) return null;
  const { prometheus } = policy;
  const own = (map: Policy['prometheus'], key: string) =>
    Object.hasOwn(map, key) ? inEnvironment(map[key], environment) : null;
  const exact = provider.kind === 'prometheus' ? own(prometheus, asked) : null;
  if (exact !== null) return exact;
  const moved = movedAddress(asked, policy, environment);
  if (moved !== null) return moved;
  return provider.kind === 'prometheus' ? own(prometheus, '*') : null;
}

/** Where the policy moves an address by its origin; `null`: nowhere. */
export function movedAddress(
  asked: string,
  { addresses }: Pick<Policy, 'addresses'>,
  environment: string | undefined,
): string | null {
  const origin = URL.parse(asked)?.origin;
  if (origin === undefined || !Object.hasOwn(addresses, origin)) return null;
  const moved = inEnvironment(addresses[origin], environment);
  return moved === null ? null : moved.replace(/\/+$/, '') + asked.slice(origin.length);
}

/** The provider as it is reached; the embedded Prometheus asks nobody who they are, so it is told nothing. */
export async function locate(
  provider: Provider,
  policy: Policy | null,
  environment: string | undefined,
  embedded: () => Promise<string>,
): Promise<Provider> {
  const address = mappedAddress(provider, policy, environment);
  if (address === null) return provider;
  if (address !== 'embedded' || provider.kind !== 'prometheus') return withAddress(provider, address);
  const { headers: _, basicAuth: __, insecure: ___, ...plain } = provider;
  return { ...plain, address: await embedded() };
}

function inEnvironment(target: Mapped | undefined, environment: string | undefined): string | null {
  if (target === undefined || typeof target === 'string') return target ?? null;
  const found = Object.entries(target).find(([pattern]) => matchesName(environment ?? '', pattern));
  return found?.[1] ?? null;
}
