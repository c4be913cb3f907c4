import { lookup } from 'node:dns';
import { BlockList, isIPv4, isIPv6, type LookupFunction } from 'node:net';

/**
 * Addresses that reach what belongs to the machine alone, such as a cloud's metadata service: IPv4 (RFC 3927), IPv6
 * (RFC 4291), and IPv4 behind NAT64 (RFC 6052). IPv4 written as IPv6 (`::ffff:169.254.1.1`) is looked at by the list.
 */
const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet('169.254.0.0', 16, 'ipv4');
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6');
LINK_LOCAL.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');

/** @example isLinkLocal('[::ffff:a9fe:a9fe]') // true */
export function isLinkLocal(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  if (isIPv4(bare)) return LINK_LOCAL.check(bare, 'ipv4');
  return isIPv6(bare) && LINK_LOCAL.check(bare, 'ipv6');
}

/**
 * Resolves names for a connection and refuses those of which an address is link-local. The connection is made to the
 * very addresses that were looked at, so a name that means something else a moment later gains nothing.
 */
export function withoutLinkLocal(resolve: LookupFunction = lookup as LookupFunction): LookupFunction {
  return (hostname, options, done) =>
    resolve(hostname, options, (error, found, family) => {
      if (error) return done(error, found, family);
      const addresses = typeof found === 'string' ? [found] : found.map(({ address }) => address);
      const refused = addresses.find(isLinkLocal);
      if (refused === undefined) return done(null, found, family);
      done(new Error(`${hostname} is ${refused}, a link-local address, which is never asked`), []);
    });
}
