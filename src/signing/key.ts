import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { dsse } from '@sigstore/core';
import { keyidOf } from '../config/public-key.ts';
import { PAYLOAD_TYPE, type Signature } from '../contract/envelope.ts';
import { SlipwayError } from '../contract/failure.ts';

/**
 * Signs payloads of DSSE envelopes. Ed25519 is deterministic, so that an activity which is repeated seals the same bytes.
 */
export interface Signer {
  /** Hex SHA-256 of the public key. */
  readonly keyid: string;
  sign(payload: Uint8Array): Signature;
}

/**
 * @param pem PKCS #8, Ed25519.
 * @param subject whose key it is, for messages, which never hold what was read.
 * @throws KEY_UNAVAILABLE when it is no such key
 */
export function createSigner(pem: string, subject: string): Signer {
  const key = privateKeyOf(pem, subject);
  const keyid = keyidOf(createPublicKey(key));
  return {
    keyid,
    sign: (payload) => ({ keyid, sig: sign(null, signedBytes(payload), key).toString('base64') }),
  };
}

/** What a signature of a payload is over (DSSE v1.0.2, protocol.md). */
export function signedBytes(payload: Uint8Array): Buffer {
  return dsse.preAuthEncoding(PAYLOAD_TYPE, Buffer.from(payload));
}

function privateKeyOf(pem: string, subject: string): KeyObject {
  let key: KeyObject | null = null;
  try {
    key = createPrivateKey(pem);
  } catch {
    // Said below, without the cause: it may quote what was read.
  }
  if (key?.asymmetricKeyType === 'ed25519') return key;
  throw new SlipwayError(
    'KEY_UNAVAILABLE',
    `${subject}: found no Ed25519 private key, expected one in PEM (PKCS #8): make one with slipway keys create`,
  );
}
