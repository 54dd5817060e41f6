import { describe, expect, it, test } from 'vitest';
import { decodeEnvelope, encodeEnvelope, payloadOf, type Opened } from '../../src/contract/envelope.ts';
import { digestOf } from '../../src/digest-of.ts';
import { createNotary } from '../../src/signing/notary.ts';
import { judge, signedSince, type Claim, type TrustedKey } from '../../src/signing/trust.ts';
import { statement } from '../artifacts/parts.ts';
import { createTestKey, LONG_AGO } from './keys.ts';

const MORNING = '2026-11-25T08:00:00.000Z';
const NOON = '2026-11-25T12:00:00.000Z';
const EVENING = '2026-11-25T18:00:00.000Z';

const own = createTestKey();
const other = createTestKey();
const SAID = statement({ stage: 'build' });

/** An envelope as its reader gets it. */
function sealedBy(...signers: readonly (typeof own)[]): Opened {
  const signatures = signers.map(({ signer }) => signer.sign(payloadOf(SAID)));
  return decodeEnvelope(encodeEnvelope(SAID, signatures));
}

const CLAIM: Claim = { roles: ['builder'], environment: 'staging', at: NOON };

describe('a signature counts', () => {
  it('when a key of the role made it, in its time', () => {
    const policy = { keys: [own.trusted('builder', { name: 'builder-7' })] };
    expect(judge(policy, sealedBy(own), CLAIM, null)).toEqual({ state: 'signed', key: 'builder-7' });
  });

  it('when one of several does', () => {
    const policy = { keys: [own.trusted('builder')] };
    expect(judge(policy, sealedBy(other, own), CLAIM, null)).toMatchObject({ state: 'signed' });
  });

  it('of a key that is trusted twice, for two roles', () => {
    const policy = { keys: [own.trusted('orchestrator'), own.trusted('builder')] };
    expect(judge(policy, sealedBy(own), CLAIM, null)).toEqual({ state: 'signed', key: 'builder-1' });
  });
});

describe('a signature does not count', () => {
  const builder = (more: Partial<TrustedKey> = {}): TrustedKey => own.trusted('builder', more);
  test.each<[string, readonly TrustedKey[], Partial<Claim>, string | null, RegExp]>([
    ['of a key that nobody knows', [other.trusted('builder')], {}, null, /not in the trust policy/],
    ['of a key when nobody is trusted', [], {}, null, /not in the trust policy/],
    ['of another role', [own.trusted('orchestrator')], {}, null, /the key of orchestrator/],
    [
      'for another environment',
      [builder({ environments: ['production'] })],
      {},
      null,
      /for production, not for staging/,
    ],
    ['before its time', [builder({ from: EVENING })], {}, null, /signs from/],
    ['after its time', [builder({ until: MORNING })], {}, null, /signed until/],
    ['at the very moment its time ends', [builder({ until: NOON })], {}, null, /signed until/],
    ['after it was revoked', [builder({ revoked: MORNING })], {}, null, /was revoked/],
    [
      'of a revoked key, where something is about to be done',
      [builder({ revoked: EVENING })],
      {},
      EVENING,
      /nothing new/,
    ],
    ['without a time', [builder()], { at: undefined as unknown as string }, null, /signs from/],
    [
      'of a key written under the name of another',
      [{ ...other.trusted('builder'), keyid: builder().keyid }],
      {},
      null,
      /did not sign/,
    ],
  ])('%s', (_what, keys, claim, now, reason) => {
    const judged = judge({ keys }, sealedBy(own), { ...CLAIM, ...claim }, now);
    expect(judged).toMatchObject({ state: 'untrusted', reason: expect.stringMatching(reason) });
  });

  it('over other bytes, whichever bit of them is another', () => {
    const policy = { keys: [builder()] };
    const { signatures, payload } = sealedBy(own);
    for (let bit = 0; bit < payload.length * 8; bit += 7) {
      const flipped = Buffer.from(payload);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const opened = { statement: SAID, payload: flipped, signatures };
      expect(judge(policy, opened, CLAIM, null).state).toBe('untrusted');
    }
  });

  it('when it was taken away: then nobody signed', () => {
    expect(judge({ keys: [builder()] }, sealedBy(), CLAIM, null)).toEqual({ state: 'unsigned' });
  });
});

describe('a key that was revoked', () => {
  const policy = { keys: [own.trusted('builder', { revoked: EVENING })] };

  it('still speaks for what it signed before', () => {
    expect(judge(policy, sealedBy(own), CLAIM, null)).toMatchObject({ state: 'signed' });
  });

  it('is good for what is going on until then', () => {
    expect(judge(policy, sealedBy(own), CLAIM, NOON)).toMatchObject({ state: 'signed' });
  });
});

describe('a notary', () => {
  it('signs the same bytes the same way, so that a repeated activity seals the same', () => {
    const notary = createNotary(own.signer, async () => ({ keys: [] }));
    expect(notary.sign(payloadOf(SAID))).toEqual(notary.sign(payloadOf(SAID)));
  });

  it('takes up a revocation at once, also for what it has found good before', async () => {
    let keys = [own.trusted('builder')];
    const notary = createNotary(null, async () => ({ keys }));
    const bytes = encodeEnvelope(SAID, [own.signer.sign(payloadOf(SAID))]);
    const document = { ...decodeEnvelope(bytes), digest: digestOf(bytes) };
    expect(await notary.judge(document, CLAIM, false)).toMatchObject({ state: 'signed' });
    keys = [own.trusted('builder', { revoked: MORNING })];
    expect(await notary.judge(document, CLAIM, false)).toMatchObject({ state: 'untrusted' });
  });

  it('does not take one key for another that it has found good', async () => {
    let keys = [own.trusted('builder')];
    const notary = createNotary(null, async () => ({ keys }));
    const bytes = encodeEnvelope(SAID, [own.signer.sign(payloadOf(SAID))]);
    const document = { ...decodeEnvelope(bytes), digest: digestOf(bytes) };
    await notary.judge(document, CLAIM, false);
    keys = [other.trusted('builder')];
    expect(await notary.judge(document, CLAIM, false)).toMatchObject({ state: 'untrusted' });
  });

  it('knows from when on everything has to be signed', () => {
    expect(signedSince({ keys: [] })).toBeNull();
    expect(signedSince({ keys: [own.trusted('builder', { from: NOON }), own.trusted('deployer')] })).toBe(LONG_AGO);
  });
});
