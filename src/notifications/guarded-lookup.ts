import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { networkInterfaces } from 'node:os';
import { isPublic } from '../config/public-address.ts';
import { ALLOW_PRIVATE } from '../config/webhook-address.ts';
import { SlipwayError } from '../contract/failure.ts';

/** All addresses of a name. */
export type Resolve = (
  hostname: string,
  options: { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Resolves names for a connection, once: what was looked at is what is connected to, whatever the name resolves to a
 * moment later. One address that is not public refuses the name, however many others it has.
 */
export function guardedLookup(resolve: Resolve = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) {
        callback(error ?? Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), []);
        return;
      }
      const refused = addresses.find(({ address }) => !isOutside(address));
      if (refused !== undefined) callback(notPublic(`${hostname} resolves to ${refused.address}`), []);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

/** @throws RECEIVER_REFUSED for an address that is not public, or is this machine's own. */
export function refuseInside(address: string): void {
  if (!isOutside(address)) throw notPublic(address);
}

function isOutside(address: string): boolean {
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return isPublic(address) && !own.some((each) => each.address === address);
}

function notPublic(what: string): SlipwayError {
  return new SlipwayError('RECEIVER_REFUSED', `${what}, which is private or this machine: ${ALLOW_PRIVATE}`);
}
