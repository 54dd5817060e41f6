import type { Opened, Signature } from '../contract/envelope.ts';
import type { Signer } from './key.ts';
import { judge, signedSince, type Claim, type Judgement, type TrustPolicy } from './trust.ts';

/** With what a store was opened: the key by which its documents are sealed, and the keys by which they are believed. */
export interface Notary {
  /** None without a key: what is sealed then is believed by nobody. */
  sign(payload: Uint8Array): readonly Signature[];
  /** By the policy of now. `acting`: something is about to be done by it, so revoked keys count for nothing. */
  judge(opened: Opened, claim: Claim, acting: boolean): Promise<Judgement>;
  /** What is dated before it may be unsigned; null where nothing signed is believed. */
  signedSince(): Promise<string | null>;
}

/**
 * @param signer null for who only reads.
 * @param policy asked each time, so that a revocation counts from the moment it is written down.
 */
export function createNotary(signer: Signer | null, policy: () => Promise<TrustPolicy>): Notary {
  return {
    sign: (payload) => (signer === null ? [] : [signer.sign(payload)]),
    judge: async (opened, claim, acting) =>
      judge(await policy(), opened, claim, acting ? new Date().toISOString() : null),
    signedSince: async () => signedSince(await policy()),
  };
}

/** Who has no key and believes nobody: for those who read bytes and not documents. */
export const NOBODY: Notary = createNotary(null, async () => ({ keys: [] }));
