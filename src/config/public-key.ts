import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

/** The name of a public key: hex SHA-256 of its SubjectPublicKeyInfo in DER. */
export function keyidOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** A public key as a trust policy writes it: base64 of its SubjectPublicKeyInfo in DER. */
export function writtenKey(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).toString('base64');
}

/** Reads what {@link writtenKey} wrote; null when it is no Ed25519 key. */
export function readKey(written: string): KeyObject | null {
  try {
    const key = createPublicKey({ key: Buffer.from(written, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ed25519' && writtenKey(key) === written ? key : null;
  } catch {
    return null;
  }
}
