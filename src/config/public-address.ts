import ipaddr from 'ipaddr.js';

/** IPv6 addresses that are given out at all; the rest of the space holds old forms of IPv4 addresses, among others. */
const GLOBAL_V6 = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an IP address, written in any form, is one of the public internet: no private, loopback, link-local or other
 * special range, nor one of those inside an IPv6 address (mapped, NAT64, 6to4, …).
 */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return parsed.range() === 'unicast' && (parsed.kind() === 'ipv4' || parsed.match(GLOBAL_V6));
}

/** The IP address that a URL names outright, in its usual form; null when it names a host by name. */
export function literalIn(url: URL): string | null {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return ipaddr.isValid(host) ? host : null;
}
