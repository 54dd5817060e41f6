import { verify } from 'node:crypto';
import { readKey } from '../config/public-key.ts';
import type { Opened, Signature } from '../contract/envelope.ts';
import type { Role } from '../contract/stages.ts';
import { signedBytes } from './key.ts';

/** A public key, what it may sign, where, and from when to when. */
export interface TrustedKey {
  /** For people: `builder-2026-11`. */
  readonly name: string;
  readonly role: Role;
  /** Environments whose deployments it may sign for; all when absent. */
  readonly environments?: readonly string[] | undefined;
  /** Base64 of its SubjectPublicKeyInfo in DER. */
  readonly key: string;
  /** Hex SHA-256 of that. */
  readonly keyid: string;
  /** RFC 3339, UTC: what it signs from then on counts. */
  readonly from: string;
  /** What it signs from then on does not count any more: it was rotated. */
  readonly until?: string | undefined;
  /** From then on somebody else may have had it: what it signs does not count, and nothing new of it does. */
  readonly revoked?: string | undefined;
}

/** Whose signatures count. */
export interface TrustPolicy {
  readonly keys: readonly TrustedKey[];
}

/** What a signed document says of itself, by which its signature is judged. */
export interface Claim {
  /** Who may have signed it: one role, or any of several. */
  readonly roles: readonly Role[];
  /** Null for what speaks of no environment. */
  readonly environment: string | null;
  /** When it was signed, as it says itself: RFC 3339, UTC. */
  readonly at: string;
}

export type Judgement =
  | { readonly state: 'signed'; readonly key: string }
  /** Nobody signed it. */
  | { readonly state: 'unsigned' }
  | { readonly state: 'untrusted'; readonly reason: string };

/** Whether a key made a signature of a payload. */
export type Holds = (key: TrustedKey, signature: Signature, payload: Uint8Array) => boolean;

/**
 * Whether a document is signed by a key that may sign it. One good signature is enough. Pure.
 * @param now where something is about to be done by it: then no key that has been revoked counts, whatever time the
 *   document gives itself, for whoever has a stolen key can write any time. Null for what has been done.
 */
export function judge(
  policy: TrustPolicy,
  opened: Opened,
  claim: Claim,
  now: string | null,
  holds: Holds = hasSigned,
): Judgement {
  if (opened.signatures.length === 0) return { state: 'unsigned' };
  const reasons: string[] = [];
  for (const signature of opened.signatures) {
    const own = policy.keys.filter(({ keyid }) => keyid === signature.keyid);
    if (own.length === 0) reasons.push(`the key ${signature.keyid.slice(0, 16)}… is not in the trust policy`);
    for (const key of own) {
      const wrong =
        whyNot(key, claim, now) ?? (holds(key, signature, opened.payload) ? null : 'did not sign these bytes');
      if (wrong === null) return { state: 'signed', key: key.name };
      reasons.push(`${key.name} ${wrong}`);
    }
  }
  return { state: 'untrusted', reason: reasons.join('; ') };
}

/** The first moment from which anything signed counts: what is dated before it may be unsigned. Null for an empty policy. */
export function signedSince({ keys }: TrustPolicy): string | null {
  return keys.map(({ from }) => from).toSorted()[0] ?? null;
}

function whyNot(key: TrustedKey, { roles, environment, at }: Claim, now: string | null): string | null {
  const { role, environments, from, until, revoked } = key;
  if (!roles.includes(role)) return `is the key of ${role}, and signs nothing of ${roles.join(' or ')}`;
  if (environments !== undefined && environment !== null && !environments.includes(environment)) {
    return `signs for ${environments.join(', ')}, not for ${environment}`;
  }
  if (!(at >= from)) return `signs from ${from} on, and this is of ${at}`;
  if (until !== undefined && !(at < until)) return `signed until ${until}, and this is of ${at}`;
  if (revoked !== undefined && (!(at < revoked) || (now !== null && revoked <= now))) {
    return `was revoked from ${revoked} on${at < revoked ? ', and nothing new of it counts' : `, and this is of ${at}`}`;
  }
  return null;
}

/** Ed25519 (RFC 8032) over the payload's pre-authentication encoding; some 0.2 ms. */
export function hasSigned({ key }: TrustedKey, { sig }: Signature, payload: Uint8Array): boolean {
  const publicKey = readKey(key);
  return publicKey !== null && verify(null, signedBytes(payload), publicKey, Buffer.from(sig, 'base64'));
}
