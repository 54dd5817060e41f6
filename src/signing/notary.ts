import type { Digest } from '../contract/digest.ts';
import type { Opened, Signature } from '../contract/envelope.ts';
import type { Signer } from './key.ts';
import { hasSigned, judge, signedSince, type Claim, type Holds, type Judgement, type TrustPolicy } from './trust.ts';

/** With what a store was opened: the key by which its documents are sealed, and the keys by which they are believed. */
export interface Notary {
  /** None without a key: what is sealed then is believed by nobody. */
  sign(payload: Uint8Array): readonly Signature[];
  /**
   * Who signed a document, by the policy of now.
   * @param opened with the digest of its envelope, which was compared with its bytes
   * @param acting something is about to be done by it, so revoked keys count for nothing
   */
  judge(opened: Opened & { readonly digest: Digest }, claim: Claim, acting: boolean): Promise<Judgement>;
  /** What is dated before it may be unsigned; null where nothing signed is believed. */
  signedSince(): Promise<string | null>;
}

/**
 * @param signer null for who only reads.
 * @param policy asked each time, so that a revocation counts from the moment it is written down.
 */
export function createNotary(signer: Signer | null, policy: () => Promise<TrustPolicy>): Notary {
  const known = createMemory();
  return {
    sign: (payload) => (signer === null ? [] : [signer.sign(payload)]),
    judge: async (opened, claim, acting) =>
      judge(await policy(), opened, claim, acting ? new Date().toISOString() : null, known(opened.digest)),
    signedSince: async () => signedSince(await policy()),
  };
}

/** Who has no key and believes nobody: for those who read bytes and not documents. */
export const NOBODY: Notary = createNotary(null, async () => ({ keys: [] }));

/** Signatures that are remembered; a target's recent records are read at each of its deployments. */
const REMEMBERED = 10_000;

/** That a key made a signature is computed once for each envelope: neither changes under its name. */
function createMemory(): (digest: Digest) => Holds {
  const good = new Set<string>();
  return (digest) => (key, signature, payload) => {
    const name = `${digest} ${key.keyid} ${signature.sig}`;
    if (good.has(name)) return true;
    if (!hasSigned(key, signature, payload)) return false;
    if (good.size >= REMEMBERED) good.clear();
    good.add(name);
    return true;
  };
}
