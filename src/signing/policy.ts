import { keyidOf, readKey } from '../config/public-key.ts';
import type { Trust } from '../config/trust.ts';
import type { TrustPolicy } from './trust.ts';

/** What a trust policy that was read says. */
export function policyOf({ keys }: Trust): TrustPolicy {
  return {
    keys: keys.flatMap(({ name: called, role, environments, key, from, until, revoked }) => {
      const read = readKey(key);
      if (read === null) return [];
      return [{ name: called, role, environments, key, keyid: keyidOf(read), from, until, revoked }];
    }),
  };
}
