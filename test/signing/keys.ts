import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { keyidOf, writtenKey } from '../../src/config/public-key.ts';
import type { Role } from '../../src/contract/stages.ts';
import { createSigner, type Signer } from '../../src/signing/key.ts';
import { createNotary, type Notary } from '../../src/signing/notary.ts';
import type { TrustedKey } from '../../src/signing/trust.ts';

/** A key pair of a test, and how a trust policy would write it. */
export interface TestKey {
  readonly signer: Signer;
  trusted(role: Role, more?: Partial<TrustedKey>): TrustedKey;
}

/** Before anything that tests date. */
export const LONG_AGO = '2026-01-01T00:00:00.000Z';

export function createTestKey(): TestKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const publicKey = createPublicKey(pem);
  return {
    signer: createSigner(pem, 'a test'),
    trusted: (role, more = {}) => ({
      name: `${role}-1`,
      role,
      key: writtenKey(publicKey),
      keyid: keyidOf(publicKey),
      from: LONG_AGO,
      ...more,
    }),
  };
}

/** The one key of tests that are about something else. The same in one process. */
export const TEST_KEY = createTestKey();

/** Signs for every role, and believes itself: for tests that are about something else. */
export const TEST_NOTARY: Notary = createNotary(TEST_KEY.signer, async () => ({
  keys: [TEST_KEY.trusted('orchestrator'), TEST_KEY.trusted('builder'), TEST_KEY.trusted('deployer')],
}));
